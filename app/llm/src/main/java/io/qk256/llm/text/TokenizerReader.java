package io.qk256.llm.text;

import io.qk256.gguf.GgufArray;
import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import io.qk256.gguf.GgufStrings;
import io.qk256.gguf.GgufValue;
import io.qk256.gguf.ValueType;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/** Reads the tokenizer of a GGUF file (ggml, docs/gguf.md, {@code tokenizer.ggml.*}) and trusts none of its bytes. */
final class TokenizerReader {

    private static final String PREFIX = "tokenizer.ggml.";
    private static final String TOKENS = PREFIX + "tokens";
    private static final String TYPES = PREFIX + "token_type";
    private static final String MERGES = PREFIX + "merges";
    private static final String CHAT_TEMPLATE = "tokenizer.chat_template";
    private static final String DAMAGED = "; the file is damaged, get it again";

    /** The names that llama.cpp accepts for LLaMA-3's pre-tokenizer. */
    private static final List<String> LLAMA3_NAMES = List.of("llama-bpe", "llama3", "llama-v3");

    private static final int LLAMA3_SIZE = 128_256;
    private static final int LLAMA3_END_OF_TURN = 128_009;
    private static final String END_OF_TURN = "<|eot_id|>";
    private static final byte[] END_OF_TURN_BYTES = END_OF_TURN.getBytes(StandardCharsets.UTF_8);

    /** The longest token of LLaMA-3 has 128 bytes; the work for a token may grow with the square of this limit. */
    private static final int MAX_TOKEN_BYTES = 1024;

    /** A character of the alphabet takes at most two bytes; the space takes one. */
    private static final int MAX_MERGE_BYTES = 2 * MAX_TOKEN_BYTES + 1;

    private final GgufFile file;

    TokenizerReader(GgufFile file) {
        this.file = file;
    }

    Tokenizer read() throws GgufException {
        requireText(PREFIX + "model", List.of("gpt2"), "only byte-level BPE is supported");
        GgufStrings texts = file.require(TOKENS).asArray(ValueType.STRING).strings();
        if (texts.size() == 0) {
            throw wrong(TOKENS, "is empty", "a vocabulary" + DAMAGED);
        }
        refuse(PREFIX + "add_eos_token", "adding the end-of-text token to a prompt is not supported");
        refuse(PREFIX + "add_sep_token", "separator tokens are not supported");
        requireLlama3Splitting(texts);
        int last = texts.size() - 1;
        int begin = (int) file.require(PREFIX + "bos_token_id").asInteger(0, last);
        int end = (int) file.require(PREFIX + "eos_token_id").asInteger(0, last);
        Optional<GgufValue> addBegin = file.find(PREFIX + "add_bos_token");
        OptionalInt endOfTurn = endOfTurn(texts);
        TokenType[] types = types(texts.size());
        IntStream.concat(IntStream.of(begin, end), endOfTurn.stream()).forEach(mark -> types[mark] = TokenType.CONTROL);
        Vocabulary vocabulary = vocabulary(texts, types);
        return new Tokenizer(
                vocabulary,
                merges(vocabulary),
                new Tokenizer.Marks(
                        begin,
                        end,
                        endOfTurn,
                        addBegin.isEmpty() || addBegin.get().asBool()),
                chatTemplate());
    }

    private Optional<String> chatTemplate() throws GgufException {
        Optional<GgufValue> template = file.find(CHAT_TEMPLATE);
        return template.isPresent() ? Optional.of(template.get().asText()) : Optional.empty();
    }

    private void refuse(String key, String why) throws GgufException {
        Optional<GgufValue> value = file.find(key);
        if (value.isPresent() && value.get().asBool()) {
            throw wrong(key, "is true", "false: " + why);
        }
    }

    private OptionalInt endOfTurn(GgufStrings texts) throws GgufException {
        Optional<GgufValue> id = file.find(PREFIX + "eot_token_id");
        if (id.isPresent()) {
            return OptionalInt.of((int) id.get().asInteger(0, texts.size() - 1));
        }
        for (int i = texts.size() - 1; i >= 0; i--) {
            if (texts.equals(i, END_OF_TURN_BYTES)) {
                return OptionalInt.of(i);
            }
        }
        return OptionalInt.empty();
    }

    /** Files without the key, such as Microsoft's 2B model, are recognized by their vocabulary. */
    private void requireLlama3Splitting(GgufStrings texts) throws GgufException {
        String key = PREFIX + "pre";
        if (file.find(key).isPresent()) {
            requireText(key, LLAMA3_NAMES, "other pre-tokenizers are not supported");
            return;
        }
        boolean isLlama3 = texts.size() == LLAMA3_SIZE && texts.equals(LLAMA3_END_OF_TURN, END_OF_TURN_BYTES);
        if (!isLlama3) {
            throw wrong(
                    key,
                    "is missing and the vocabulary (" + texts.size() + " tokens) is not LLaMA-3's",
                    String.join(", ", LLAMA3_NAMES) + ", or " + LLAMA3_SIZE + " tokens, of which number "
                            + LLAMA3_END_OF_TURN + " is " + END_OF_TURN + "; convert the model again");
        }
    }

    private void requireText(String key, List<String> supported, String advice) throws GgufException {
        String value = file.require(key).asText();
        if (!supported.contains(value)) {
            throw wrong(key, "is \"" + value + "\"", String.join(", ", supported) + "; " + advice);
        }
    }

    private Vocabulary vocabulary(GgufStrings texts, TokenType[] types) throws GgufException {
        checkScores(texts.size());
        byte[][] tokens = new byte[types.length][];
        for (int id = 0; id < tokens.length; id++) {
            tokens[id] = bytes(texts, id, types[id]);
            if (tokens[id].length < 1 || tokens[id].length > MAX_TOKEN_BYTES) {
                throw wrong(
                        TOKENS,
                        at(id, texts.text(id)),
                        "1 to " + MAX_TOKEN_BYTES + " characters of GPT-2's alphabet of bytes" + DAMAGED);
            }
        }
        Vocabulary vocabulary;
        try {
            vocabulary = new Vocabulary(tokens, types);
        } catch (IllegalArgumentException e) {
            throw wrong(
                    TOKENS,
                    "holds duplicates: " + e.getMessage(),
                    "each text once; tokens with the same text are ambiguous, and llama.cpp takes the last");
        }
        OptionalInt missing = vocabulary.missingByte();
        if (missing.isPresent()) {
            throw wrong(TOKENS, "has no token for byte " + missing.getAsInt(), "one for each of 256 bytes" + DAMAGED);
        }
        return vocabulary;
    }

    /** Returns no bytes for a plain token with characters outside the byte alphabet. */
    private static byte[] bytes(GgufStrings texts, int id, TokenType type) {
        int from = texts.from(id);
        int to = texts.to(id);
        if (!type.isPlain()) {
            return Arrays.copyOfRange(texts.utf8(), from, to);
        }
        byte[] bytes = new byte[to - from];
        int length = ByteAlphabet.decode(texts.utf8(), from, to, bytes, 0);
        return length == bytes.length ? bytes : Arrays.copyOf(bytes, Math.max(0, length));
    }

    private TokenType[] types(int count) throws GgufException {
        TokenType[] types = new TokenType[count];
        Optional<GgufValue> value = file.find(TYPES);
        if (value.isEmpty()) {
            Arrays.fill(types, TokenType.NORMAL);
            return types;
        }
        GgufArray ids = value.get().asArray(ValueType.I32);
        requireLength(TYPES, ids, count);
        for (int i = 0; i < count; i++) {
            Optional<TokenType> type = TokenType.of(ids.integer(i));
            if (type.isEmpty()) {
                throw wrong(TYPES, "holds " + ids.integer(i) + " at " + i, "1 to 6" + DAMAGED);
            }
            types[i] = type.get();
        }
        return types;
    }

    /** Byte-level BPE does not use scores, but if their number is wrong, the file is probably damaged. */
    private void checkScores(int count) throws GgufException {
        String key = PREFIX + "scores";
        Optional<GgufValue> scores = file.find(key);
        if (scores.isPresent()) {
            requireLength(key, scores.get().asArray(ValueType.F32), count);
        }
    }

    private void requireLength(String key, GgufArray array, int count) throws GgufException {
        if (array.size() != count) {
            throw wrong(key, "has " + array.size() + " elements", count + ", as " + TOKENS + " has" + DAMAGED);
        }
    }

    private MergeTable merges(Vocabulary vocabulary) throws GgufException {
        Optional<GgufValue> value = file.find(MERGES);
        if (value.isEmpty()) {
            return MergeTable.byId(vocabulary);
        }
        GgufStrings texts = value.get().asArray(ValueType.STRING).strings();
        MergeTable table = new MergeTable(texts.size());
        byte[] scratch = new byte[MAX_MERGE_BYTES];
        for (int rank = 0; rank < texts.size(); rank++) {
            Merge merge = Merge.parse(texts.utf8(), texts.from(rank), texts.to(rank), vocabulary, scratch);
            if (!merge.isValid()) {
                throw wrong(MERGES, at(rank, texts.text(rank)), "two tokens that merge into a third" + DAMAGED);
            }
            if (!table.add(merge.left(), merge.right(), rank, merge.result())) {
                throw wrong(MERGES, at(rank, texts.text(rank)) + " again", "each pair once" + DAMAGED);
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

    private static String at(int index, String text) {
        int shown = Math.min(text.length(), 40);
        return "holds \"" + text.substring(0, shown) + (shown < text.length() ? "..." : "") + "\" at " + index;
    }

    private GgufException wrong(String key, String seen, String expected) {
        return new GgufException(file.name() + ": " + key + " " + seen + ", expected " + expected);
    }
}
