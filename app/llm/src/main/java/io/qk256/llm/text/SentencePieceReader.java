package io.qk256.llm.text;

import io.qk256.gguf.GgufArray;
import io.qk256.gguf.GgufException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;

/** Reads SentencePiece BPE: pieces with scores, and a token for each byte. */
final class SentencePieceReader {

    private static final int BYTES = 256;

    private final TokenizerKeys keys;

    SentencePieceReader(TokenizerKeys keys) {
        this.keys = keys;
    }

    TokenizerReader.Encoding read(TokenType[] types) throws GgufException {
        byte[][] tokens = new byte[types.length][];
        int[] byteTokens = new int[BYTES];
        Arrays.fill(byteTokens, Vocabulary.NONE);
        for (int id = 0; id < tokens.length; id++) {
            byte[] written = keys.written(id);
            if (written.length < 1 || written.length > TokenizerKeys.MAX_TOKEN_BYTES) {
                throw keys.wrong(
                        TokenizerKeys.TOKENS,
                        TokenizerKeys.at(id, keys.texts().text(id)),
                        "1 to " + TokenizerKeys.MAX_TOKEN_BYTES + " bytes" + TokenizerKeys.DAMAGED);
            }
            tokens[id] = switch (types[id]) {
                case NORMAL -> withSpaces(written);
                case BYTE -> new byte[] {byteOf(id, byteTokens)};
                default -> written;
            };
        }
        for (int b = 0; b < BYTES; b++) {
            if (byteTokens[b] == Vocabulary.NONE) {
                throw keys.wrong(
                        TokenizerKeys.TOKENS,
                        "has no token " + name(b) + " of the type for bytes",
                        "one for each of 256 bytes, for characters that the vocabulary lacks");
            }
        }
        int[] ranks = ranks();
        try {
            Vocabulary vocabulary = new Vocabulary(tokens, types);
            requireDifferent(vocabulary);
            return new TokenizerReader.Encoding(
                    vocabulary,
                    new SentencePieceEncoder(vocabulary, ranks, byteTokens, keys.flag("add_space_prefix", true)));
        } catch (IllegalArgumentException e) {
            throw keys.duplicates(e);
        }
    }

    /** The byte that a token such as {@code <0x0A>} stands for; enters it into the table. */
    private byte byteOf(int id, int[] byteTokens) throws GgufException {
        String written = keys.texts().text(id);
        if (written.length() == "<0x00>".length()
                && HexFormat.isHexDigit(written.charAt(3))
                && HexFormat.isHexDigit(written.charAt(4))) {
            int value = HexFormat.fromHexDigits(written, 3, 5);
            if (written.equalsIgnoreCase(name(value))) {
                if (byteTokens[value] != Vocabulary.NONE) {
                    throw keys.duplicates(new IllegalArgumentException(
                            "tokens " + byteTokens[value] + " and " + id + " have the same text"));
                }
                byteTokens[value] = id;
                return (byte) value;
            }
        }
        throw keys.wrong(
                TokenizerKeys.TOKENS,
                TokenizerKeys.at(id, written) + ", which has the type for bytes",
                "a name from <0x00> to <0xFF>" + TokenizerKeys.DAMAGED);
    }

    private static String name(int value) {
        return String.format(Locale.ROOT, "<0x%02X>", value);
    }

    /** The space is written as U+2581. */
    private static byte[] withSpaces(byte[] written) {
        String text = new String(written, StandardCharsets.UTF_8);
        return text.indexOf(SentencePieceEncoder.SPACE_MARK) < 0
                ? written
                : text.replace(SentencePieceEncoder.SPACE_MARK, ' ').getBytes(StandardCharsets.UTF_8);
    }

    /** Numbers in the opposite order of the scores; equal for equal scores. */
    private int[] ranks() throws GgufException {
        GgufArray scores = keys.requireScores();
        int[] ranks = new int[scores.size()];
        for (int id = 0; id < ranks.length; id++) {
            float score = (float) scores.real(id);
            if (Float.isNaN(score)) {
                throw keys.wrong(TokenizerKeys.SCORES, "holds NaN at " + id, "numbers" + TokenizerKeys.DAMAGED);
            }
            // As integers, the bits of positive numbers are in order, those of negative ones in the opposite order;
            // adding 0 makes -0 the same as 0.
            int bits = Float.floatToIntBits(score + 0f);
            ranks[id] = ~(bits ^ ((bits >> 31) & Integer.MAX_VALUE));
        }
        return ranks;
    }

    /** @throws IllegalArgumentException if a special token is written like a plain one */
    private static void requireDifferent(Vocabulary vocabulary) {
        for (int id = 0; id < vocabulary.size(); id++) {
            TokenType type = vocabulary.type(id);
            if (type == TokenType.CONTROL || type == TokenType.UNKNOWN) {
                byte[] token = vocabulary.bytes(id);
                int same = vocabulary.findPlain(token, 0, token.length);
                if (same != Vocabulary.NONE) {
                    throw new IllegalArgumentException(
                            "tokens " + Math.min(id, same) + " and " + Math.max(id, same) + " have the same text");
                }
            }
        }
    }
}
