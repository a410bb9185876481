package io.qk256.llm.text;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The metadata of Microsoft's 2B model, built from LLaMA-3's rank file (one line per token: its bytes in Base64, its
 * rank): no {@code pre}, control tokens after the ranks, and merges as Hugging Face's converter derives them.
 */
final class Llama3File {

    static final int RANKS = 128_000;
    static final int END_OF_TURN = 128_009;

    private static final List<String> BYTE_CHARACTERS = Tokenizers.byteCharacters();

    private Llama3File() {}

    static MetadataFile of(Path ranks) throws IOException {
        List<String> tokens = new ArrayList<>();
        for (String line : Files.readAllLines(ranks)) {
            tokens.add(characters(Base64.getDecoder().decode(line.substring(0, line.indexOf(' ')))));
        }
        List<String> merges = merges(tokens);
        tokens.addAll(marks());
        int[] types = new int[tokens.size()];
        Arrays.fill(types, 0, RANKS, TokenType.NORMAL.id());
        Arrays.fill(types, RANKS, types.length, TokenType.CONTROL.id());
        return new MetadataFile()
                .with("tokenizer.ggml.add_bos_token", true)
                .with("tokenizer.ggml.model", "gpt2")
                .with("tokenizer.ggml.tokens", tokens)
                .with("tokenizer.ggml.scores", new float[types.length])
                .with("tokenizer.ggml.token_type", types)
                .with("tokenizer.ggml.merges", merges)
                .with("tokenizer.ggml.bos_token_id", RANKS)
                .with("tokenizer.ggml.eos_token_id", RANKS + 1);
    }

    private static String characters(byte[] token) {
        StringBuilder text = new StringBuilder();
        for (byte b : token) {
            text.append(BYTE_CHARACTERS.get(Byte.toUnsignedInt(b)));
        }
        return text.toString();
    }

    /** Every way to make a token from two others, by rank of the token, then of its parts. */
    private static List<String> merges(List<String> tokens) {
        Map<String, Integer> ranks = new HashMap<>();
        tokens.forEach(token -> ranks.put(token, ranks.size()));
        List<String> merges = new ArrayList<>();
        for (String token : tokens) {
            List<int[]> parts = new ArrayList<>();
            for (int i = 1; i < token.length(); i++) {
                Integer left = ranks.get(token.substring(0, i));
                Integer right = ranks.get(token.substring(i));
                if (left != null && right != null) {
                    parts.add(new int[] {left, right});
                }
            }
            parts.sort(Comparator.<int[]>comparingInt(p -> p[0]).thenComparingInt(p -> p[1]));
            parts.forEach(p -> merges.add(tokens.get(p[0]) + " " + tokens.get(p[1])));
        }
        return merges;
    }

    private static List<String> marks() {
        List<String> marks = IntStream.range(0, 251)
                .mapToObj(i -> "<|reserved_special_token_" + i + "|>")
                .collect(Collectors.toCollection(ArrayList::new));
        marks.addAll(0, List.of("<|begin_of_text|>", "<|end_of_text|>"));
        marks.addAll(6, List.of("<|start_header_id|>", "<|end_header_id|>"));
        marks.add(9, "<|eot_id|>");
        return marks;
    }
}
