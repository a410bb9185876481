package io.qk256.llm.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** A vocabulary of SentencePiece's kind whose pieces join what JSON keeps apart. */
final class SentencePieces {

    private static final List<String> PIECES = List.of(
            "{\"",
            "\"}",
            "\":",
            "\",",
            "\",\"",
            "\"]",
            "[\"",
            "\u2581\"",
            "},",
            "]}",
            "}}",
            "[[",
            "]]",
            "\\\"",
            "\\u",
            "\\\\",
            "\\n",
            "\n\u2581\u2581",
            "\n",
            "\u2581",
            "\u2581\u2581",
            "null",
            "true",
            "false",
            "tr",
            "ue",
            "nu",
            "ll",
            "name",
            "na",
            "me",
            "\"name\"",
            "ab",
            "abc",
            "type",
            "\u00e4",
            "\u540d",
            "\ud83d\ude00",
            "d8",
            "3d",
            "00",
            "12",
            "-1",
            "0.",
            ".5",
            "e+",
            "E-1",
            "\u2581{\"",
            "\":\u2581\"",
            "\",\u2581\"",
            "a\":",
            "b\"",
            "x\ny",
            "\":{\"",
            "\":[",
            "1,",
            "0}",
            "5]");

    private SentencePieces() {}

    static Tokenizer ofJson() {
        List<String> tokens = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
        for (int b = 0; b < 256; b++) {
            tokens.add(String.format(Locale.ROOT, "<0x%02X>", b));
        }
        tokens.addAll(PIECES);
        for (char c = '!'; c <= '~'; c++) {
            tokens.add(Character.toString(c));
        }
        int[] types = new int[tokens.size()];
        Arrays.fill(types, TokenType.NORMAL.id());
        types[0] = TokenType.UNKNOWN.id();
        Arrays.fill(types, 1, 3, TokenType.CONTROL.id());
        Arrays.fill(types, 3, 259, TokenType.BYTE.id());
        float[] scores = new float[tokens.size()];
        for (int i = 259; i < scores.length; i++) {
            scores[i] = 259 - i;
        }
        return Tokenizers.of(new MetadataFile()
                .with("tokenizer.ggml.model", "llama")
                .with("tokenizer.ggml.tokens", tokens)
                .with("tokenizer.ggml.token_type", types)
                .with("tokenizer.ggml.scores", scores)
                .with("tokenizer.ggml.bos_token_id", 1)
                .with("tokenizer.ggml.eos_token_id", 2));
    }
}
