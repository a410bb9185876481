package io.qk256.llm.text;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;

/** Tokenizers for tests. */
final class Tokenizers {

    static final int HELLO = 256;
    static final int BEGIN = 258;
    static final int END = 259;
    static final int END_OF_TURN = 260;
    static final int DEFINED = 261;

    private Tokenizers() {}

    /** The tokenizer of the model embedded in the application. */
    static Tokenizer demo() {
        String model = "/io/qk256/app/check/demo-i2_s.gguf";
        try (InputStream in = Objects.requireNonNull(Tokenizers.class.getResourceAsStream(model), model);
                GgufFile file = GgufFile.of(MemorySegment.ofArray(in.readAllBytes()), "demo-i2_s.gguf")) {
            return Tokenizer.of(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * A file with the 256 bytes as tokens 0 to 255, {@code he}, {@code lo}, three control tokens, and {@code <think>},
     * a user-defined token.
     */
    static MetadataFile small() {
        List<String> tokens = new ArrayList<>(byteCharacters());
        tokens.addAll(List.of("he", "lo", "<|begin|>", "<|end|>", "<|eot_id|>", "<think>"));
        int[] types = new int[tokens.size()];
        Arrays.fill(types, TokenType.NORMAL.id());
        Arrays.fill(types, BEGIN, END_OF_TURN + 1, TokenType.CONTROL.id());
        types[DEFINED] = TokenType.USER_DEFINED.id();
        return new MetadataFile()
                .with("tokenizer.ggml.model", "gpt2")
                .with("tokenizer.ggml.pre", "llama-bpe")
                .with("tokenizer.ggml.tokens", tokens)
                .with("tokenizer.ggml.token_type", types)
                .with("tokenizer.ggml.merges", List.of("h e", "l o"))
                .with("tokenizer.ggml.bos_token_id", BEGIN)
                .with("tokenizer.ggml.eos_token_id", END)
                .with("tokenizer.ggml.add_bos_token", true);
    }

    /** The same with one more token. */
    static MetadataFile smallWith(String token, TokenType type) {
        MetadataFile file = small();
        List<String> tokens = new ArrayList<>(file.strings("tokenizer.ggml.tokens"));
        tokens.add(token);
        int[] types = new int[tokens.size()];
        Arrays.fill(types, TokenType.NORMAL.id());
        Arrays.fill(types, BEGIN, END_OF_TURN + 1, TokenType.CONTROL.id());
        types[DEFINED] = TokenType.USER_DEFINED.id();
        types[DEFINED + 1] = type.id();
        return file.with("tokenizer.ggml.tokens", tokens).with("tokenizer.ggml.token_type", types);
    }

    static Tokenizer of(MetadataFile metadata) {
        try (GgufFile file = metadata.open()) {
            return Tokenizer.of(file);
        } catch (GgufException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The character of GPT-2's alphabet for each byte. */
    static List<String> byteCharacters() {
        List<String> characters = new ArrayList<>(Collections.nCopies(256, ""));
        byte[] decoded = new byte[1];
        for (char c = 0; c < 512; c++) {
            String text = Character.toString(c);
            byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
            if (ByteAlphabet.decode(utf8, 0, utf8.length, decoded, 0) == 1) {
                characters.set(Byte.toUnsignedInt(decoded[0]), text);
            }
        }
        return characters;
    }
}
