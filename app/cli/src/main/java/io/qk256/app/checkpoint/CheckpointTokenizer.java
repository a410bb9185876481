package io.qk256.app.checkpoint;

import com.google.gson.JsonElement;
import io.qk256.gguf.GgufWriter;
import io.qk256.gguf.ValueType;
import io.qk256.spi.support.FileProblem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Writes LLaMA-3's tokenizer, as in tokenizer.json, and the chat template as keys of a GGUF file. */
final class CheckpointTokenizer {

    private static final String PREFIX = "tokenizer.ggml.";
    private static final String FILE = "tokenizer.json";
    private static final int MAX_TOKENS = 1 << 24;
    private static final int NORMAL = 1;
    private static final int CONTROL = 3;
    private static final int USER_DEFINED = 4;
    private static final int UNUSED = 5;

    /** How LLaMA-3's tokenizer.json splits text before it merges bytes. */
    private static final String LLAMA3_PATTERN =
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
                    + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

    private final Checkpoint checkpoint;
    private final JsonFile json;
    private final int vocabulary;

    private CheckpointTokenizer(Checkpoint checkpoint, JsonFile json, int vocabulary) {
        this.checkpoint = checkpoint;
        this.json = json;
        this.vocabulary = vocabulary;
    }

    /**
     * Writes the keys.
     *
     * @param vocabulary the number of rows of the embedding; ids without a token are unused ones
     * @throws IOException if a file is missing or damaged, or the tokenizer is another one
     */
    static void write(Checkpoint checkpoint, int vocabulary, GgufWriter out) throws IOException {
        Optional<JsonFile> json = checkpoint.json(FILE);
        if (json.isEmpty()) {
            throw new IOException(checkpoint.directory().resolve(FILE) + ": no such file, expected the tokenizer");
        }
        new CheckpointTokenizer(checkpoint, json.get(), vocabulary).write(out);
    }

    private void write(GgufWriter out) throws IOException {
        JsonFile model = json.requireObject("model");
        String type = model.text("type").orElse("missing");
        if (!type.equals("BPE")) {
            throw model.wrong("type", "is " + type, "BPE; no other tokenizer can be converted");
        }
        requireLlama3Splitting();
        String[] tokens = new String[vocabulary];
        long[] types = new long[vocabulary];
        Arrays.fill(types, UNUSED);
        JsonFile vocab = model.requireObject("vocab");
        for (String token : vocab.names()) {
            set((int) vocab.integer(token, 0, vocabulary - 1L), token, NORMAL, tokens, types);
        }
        for (JsonFile added : json.objects("added_tokens")) {
            int id = (int) added.integer("id", 0, vocabulary - 1L);
            set(id, added.text("content").orElse(""), added.isTrue("special") ? CONTROL : USER_DEFINED, tokens, types);
        }
        for (int id = 0; id < vocabulary; id++) {
            @Nullable String token = tokens[id];
            tokens[id] = token == null ? "[PAD" + id + "]" : token;
        }
        out.text(PREFIX + "model", "gpt2");
        out.text(PREFIX + "pre", "llama-bpe");
        out.texts(PREFIX + "tokens", List.of(tokens));
        out.integers(PREFIX + "token_type", ValueType.I32, types);
        out.texts(PREFIX + "merges", merges(model));
        marks(out);
        Optional<String> template = template();
        if (template.isPresent()) {
            out.text("tokenizer.chat_template", template.get());
        }
    }

    private static void set(int id, String token, int type, String[] tokens, long[] types) {
        tokens[id] = token;
        types[id] = type;
    }

    private void requireLlama3Splitting() throws IOException {
        JsonFile splitter = json.requireObject("pre_tokenizer");
        List<JsonFile> steps = splitter.has("pretokenizers") ? splitter.objects("pretokenizers") : List.of(splitter);
        for (JsonFile step : steps) {
            Optional<JsonFile> pattern = step.object("pattern");
            if (pattern.isPresent()
                    && LLAMA3_PATTERN.equals(pattern.get().text("Regex").orElse(""))) {
                return;
            }
        }
        throw json.wrong("pre_tokenizer", "has another pattern", "LLaMA-3's, the only one that can be converted");
    }

    /** Each is two tokens, in one string or in two. */
    private static List<String> merges(JsonFile model) throws IOException {
        List<String> merges = new ArrayList<>();
        for (JsonElement element : model.list("merges")) {
            if (element.isJsonArray() && element.getAsJsonArray().size() == 2) {
                merges.add(model.text("merges", element.getAsJsonArray().get(0)) + " "
                        + model.text("merges", element.getAsJsonArray().get(1)));
            } else {
                merges.add(model.text("merges", element));
            }
        }
        return merges;
    }

    /** The ids of marks; generation_config.json may have more ends than config.json. */
    private void marks(GgufWriter out) throws IOException {
        JsonFile config = checkpoint.config();
        List<Long> begin = config.integers("bos_token_id", 0, vocabulary - 1L);
        List<Long> end = config.integers("eos_token_id", 0, vocabulary - 1L);
        if (begin.isEmpty() || end.isEmpty()) {
            throw config.wrong("bos_token_id or eos_token_id", "is missing", "the ids of both tokens");
        }
        out.integer(PREFIX + "bos_token_id", ValueType.U32, begin.getFirst());
        out.integer(PREFIX + "eos_token_id", ValueType.U32, end.getFirst());
        List<Long> padding = config.integers("pad_token_id", 0, MAX_TOKENS);
        if (!padding.isEmpty() && padding.getFirst() < vocabulary) {
            out.integer(PREFIX + "padding_token_id", ValueType.U32, padding.getFirst());
        }
        out.bool(PREFIX + "add_bos_token", true);
    }

    /** Older checkpoints have the template in tokenizer_config.json, newer ones in a file of its own. */
    private Optional<String> template() throws IOException {
        Path file = checkpoint.directory().resolve("chat_template.jinja");
        if (Files.exists(file)) {
            try {
                return Optional.of(Files.readString(file));
            } catch (java.nio.file.FileSystemException | java.nio.charset.CharacterCodingException e) {
                throw FileProblem.reading(file, e);
            }
        }
        Optional<JsonFile> config = checkpoint.json("tokenizer_config.json");
        return config.isPresent() ? template(config.get()) : Optional.empty();
    }

    /** The template, or the one named "default" of several. */
    private static Optional<String> template(JsonFile config) throws IOException {
        if (!config.isList("chat_template")) {
            return config.text("chat_template");
        }
        for (JsonFile named : config.objects("chat_template")) {
            if (named.text("name").orElse("").equals("default")) {
                return named.text("template");
            }
        }
        return Optional.empty();
    }
}
