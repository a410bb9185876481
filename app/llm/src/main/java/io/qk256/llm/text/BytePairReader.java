package io.qk256.llm.text;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufStrings;
import io.qk256.gguf.GgufValue;
import io.qk256.gguf.ValueType;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;

/** Reads byte-level BPE: tokens in GPT-2's alphabet of bytes, and the list of pairs that merge. */
final class BytePairReader {

    private static final String PRE = TokenizerKeys.PREFIX + "pre";
    private static final String MERGES = TokenizerKeys.PREFIX + "merges";

    private static final int LLAMA3_SIZE = 128_256;
    private static final int LLAMA3_END_OF_TURN = 128_009;
    private static final String END_OF_TURN = "<|eot_id|>";

    /** A character of the alphabet takes at most two bytes; the space takes one. */
    private static final int MAX_MERGE_BYTES = 2 * TokenizerKeys.MAX_TOKEN_BYTES + 1;

    private final TokenizerKeys keys;

    BytePairReader(TokenizerKeys keys) {
        this.keys = keys;
    }

    /** Files without the key, such as Microsoft's 2B model, are recognized by their vocabulary. */
    PreTokenizer preTokenizer() throws GgufException {
        Optional<GgufValue> pre = keys.find("pre");
        if (pre.isPresent()) {
            String name = pre.get().asText();
            return PreTokenizer.of(name)
                    .orElseThrow(() -> keys.wrong(
                            PRE,
                            "is \"" + name + "\"",
                            "one of " + String.join(", ", PreTokenizer.supported())
                                    + "; how the model splits text is not known here"));
        }
        boolean isLlama3 = keys.size() == LLAMA3_SIZE
                && keys.isWritten(LLAMA3_END_OF_TURN, END_OF_TURN.getBytes(StandardCharsets.UTF_8));
        if (!isLlama3) {
            throw keys.wrong(
                    PRE,
                    "is missing and the vocabulary (" + keys.size() + " tokens) is not LLaMA-3's",
                    "one of " + String.join(", ", PreTokenizer.supported()) + ", or " + LLAMA3_SIZE
                            + " tokens, of which number " + LLAMA3_END_OF_TURN + " is " + END_OF_TURN
                            + "; convert the model again");
        }
        return PreTokenizer.LLAMA3;
    }

    /** @param types bytes are made normal tokens here, as only the alphabet distinguishes them */
    TokenizerReader.Encoding read(TokenType[] types, PreTokenizer split) throws GgufException {
        keys.findScores();
        Arrays.setAll(types, id -> types[id] == TokenType.BYTE ? TokenType.NORMAL : types[id]);
        Vocabulary vocabulary = vocabulary(types);
        OptionalInt missing = vocabulary.missingByte();
        if (missing.isPresent() && !split.mayLackBytes()) {
            throw keys.wrong(
                    TokenizerKeys.TOKENS,
                    "has no token for byte " + missing.getAsInt(),
                    "one for each of 256 bytes" + TokenizerKeys.DAMAGED);
        }
        return new TokenizerReader.Encoding(vocabulary, new BytePairEncoder(vocabulary, merges(vocabulary), split));
    }

    private Vocabulary vocabulary(TokenType[] types) throws GgufException {
        byte[][] tokens = new byte[types.length][];
        for (int id = 0; id < tokens.length; id++) {
            tokens[id] = types[id].isPlain() ? spelled(id) : keys.written(id);
            if (tokens[id].length < 1 || tokens[id].length > TokenizerKeys.MAX_TOKEN_BYTES) {
                throw keys.wrong(
                        TokenizerKeys.TOKENS,
                        TokenizerKeys.at(id, keys.texts().text(id)),
                        "1 to " + TokenizerKeys.MAX_TOKEN_BYTES + " characters of GPT-2's alphabet of bytes"
                                + TokenizerKeys.DAMAGED);
            }
        }
        try {
            Vocabulary vocabulary = new Vocabulary(tokens, types);
            requireDifferent(vocabulary);
            return vocabulary;
        } catch (IllegalArgumentException e) {
            throw keys.duplicates(e);
        }
    }

    /** Returns no bytes for a token with characters outside the byte alphabet. */
    private byte[] spelled(int id) {
        GgufStrings texts = keys.texts();
        byte[] bytes = new byte[texts.to(id) - texts.from(id)];
        int length = ByteAlphabet.decode(texts.utf8(), texts.from(id), texts.to(id), bytes, 0);
        return length == bytes.length ? bytes : Arrays.copyOf(bytes, Math.max(0, length));
    }

    /** @throws IllegalArgumentException if a special token is written like a plain one */
    private void requireDifferent(Vocabulary vocabulary) {
        for (int id = 0; id < vocabulary.size(); id++) {
            if (!vocabulary.type(id).isPlain()) {
                byte[] spelled = spelled(id);
                int same = vocabulary.findPlain(spelled, 0, spelled.length);
                if (same != Vocabulary.NONE) {
                    throw new IllegalArgumentException(
                            "tokens " + Math.min(id, same) + " and " + Math.max(id, same) + " have the same text");
                }
            }
        }
    }

    private MergeTable merges(Vocabulary vocabulary) throws GgufException {
        Optional<GgufValue> value = keys.find("merges");
        if (value.isEmpty()) {
            return MergeTable.byId(vocabulary);
        }
        GgufStrings texts = value.get().asArray(ValueType.STRING).strings();
        MergeTable table = new MergeTable(texts.size());
        byte[] scratch = new byte[MAX_MERGE_BYTES];
        for (int rank = 0; rank < texts.size(); rank++) {
            Merge merge = Merge.parse(texts.utf8(), texts.from(rank), texts.to(rank), vocabulary, scratch);
            if (!merge.isValid()) {
                throw keys.wrong(
                        MERGES,
                        TokenizerKeys.at(rank, texts.text(rank)),
                        "two tokens that merge into a third" + TokenizerKeys.DAMAGED);
            }
            if (!table.add(merge.left(), merge.right(), rank, merge.result())) {
                throw keys.wrong(
                        MERGES,
                        TokenizerKeys.at(rank, texts.text(rank)) + " again",
                        "each pair once" + TokenizerKeys.DAMAGED);
            }
        }
        return table;
    }

    /** Three tokens; {@link Vocabulary#NONE} if there is no such token. */
    private record Merge(int left, int right, int result) {

        private static final Merge INVALID = new Merge(Vocabulary.NONE, Vocabulary.NONE, Vocabulary.NONE);

        /**
         * Reads two tokens in the byte alphabet with a space between them.
         *
         * @param bytes receives their bytes, at most {@link #MAX_MERGE_BYTES}
         */
        static Merge parse(byte[] utf8, int from, int to, Vocabulary vocabulary, byte[] bytes) {
            int space = from;
            while (space < to && utf8[space] != ' ') {
                space++;
            }
            if (to - from > MAX_MERGE_BYTES) {
                return INVALID;
            }
            int left = ByteAlphabet.decode(utf8, from, space, bytes, 0);
            int right = left < 1 || space >= to ? 0 : ByteAlphabet.decode(utf8, space + 1, to, bytes, left);
            if (right < 1) {
                return INVALID;
            }
            return new Merge(
                    vocabulary.findPlain(bytes, 0, left),
                    vocabulary.findPlain(bytes, left, left + right),
                    vocabulary.findPlain(bytes, 0, left + right));
        }

        boolean isValid() {
            return left != Vocabulary.NONE && right != Vocabulary.NONE && result != Vocabulary.NONE;
        }
    }
}
