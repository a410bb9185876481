package io.qk256.llm.text;

import io.qk256.gguf.GgufArray;
import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import io.qk256.gguf.GgufStrings;
import io.qk256.gguf.GgufValue;
import io.qk256.gguf.ValueType;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;

/** The keys {@code tokenizer.ggml.*} of a GGUF file (ggml, docs/gguf.md), and what is said if one is wrong. */
final class TokenizerKeys {

    static final String PREFIX = "tokenizer.ggml.";
    static final String TOKENS = PREFIX + "tokens";
    static final String SCORES = PREFIX + "scores";
    static final String DAMAGED = "; the file is damaged, get it again";

    /** The longest token of LLaMA-3 has 128 bytes; the work for a token may grow with the square of this limit. */
    static final int MAX_TOKEN_BYTES = 1024;

    private static final String TYPES = PREFIX + "token_type";

    private final GgufFile file;
    private final GgufStrings texts;

    TokenizerKeys(GgufFile file) throws GgufException {
        this.file = file;
        this.texts = file.require(TOKENS).asArray(ValueType.STRING).strings();
        if (texts.size() == 0) {
            throw wrong(TOKENS, "is empty", "a vocabulary" + DAMAGED);
        }
    }

    /** The tokens as they are written. */
    GgufStrings texts() {
        return texts;
    }

    int size() {
        return texts.size();
    }

    /** The value of a key, if the file has it. */
    Optional<GgufValue> find(String name) {
        return file.find(PREFIX + name);
    }

    int requireToken(String name) throws GgufException {
        return (int) file.require(PREFIX + name).asInteger(0, texts.size() - 1);
    }

    OptionalInt findToken(String name) throws GgufException {
        return find(name).isPresent() ? OptionalInt.of(requireToken(name)) : OptionalInt.empty();
    }

    boolean flag(String name, boolean byDefault) throws GgufException {
        Optional<GgufValue> value = find(name);
        return value.isPresent() ? value.get().asBool() : byDefault;
    }

    Optional<String> chatTemplate() throws GgufException {
        Optional<GgufValue> template = file.find("tokenizer.chat_template");
        return template.isPresent() ? Optional.of(template.get().asText()) : Optional.empty();
    }

    /** Whether a token is written like this, in UTF-8. */
    boolean isWritten(int id, byte[] text) {
        return texts.equals(id, text);
    }

    /** The bytes of a token as they are written. */
    byte[] written(int id) {
        return Arrays.copyOfRange(texts.utf8(), texts.from(id), texts.to(id));
    }

    /** The type of each token; without types in the file, all are normal. */
    TokenType[] types() throws GgufException {
        TokenType[] types = new TokenType[texts.size()];
        Optional<GgufValue> value = file.find(TYPES);
        if (value.isEmpty()) {
            Arrays.fill(types, TokenType.NORMAL);
            return types;
        }
        GgufArray ids = value.get().asArray(ValueType.I32);
        requireLength(TYPES, ids);
        int[] all = ids.integers();
        for (int i = 0; i < types.length; i++) {
            Optional<TokenType> type = TokenType.of(all[i]);
            if (type.isEmpty()) {
                throw wrong(TYPES, "holds " + all[i] + " at " + i, "1 to 6" + DAMAGED);
            }
            types[i] = type.get();
        }
        return types;
    }

    /** The score of each token, if there are scores; byte-level BPE does not need them. */
    Optional<GgufArray> findScores() throws GgufException {
        Optional<GgufValue> value = file.find(SCORES);
        if (value.isEmpty()) {
            return Optional.empty();
        }
        GgufArray scores = value.get().asArray(ValueType.F32);
        requireLength(SCORES, scores);
        return Optional.of(scores);
    }

    GgufArray requireScores() throws GgufException {
        file.require(SCORES);
        return findScores().orElseThrow();
    }

    private void requireLength(String key, GgufArray array) throws GgufException {
        if (array.size() != texts.size()) {
            throw wrong(key, "has " + array.size() + " elements", texts.size() + ", as " + TOKENS + " has" + DAMAGED);
        }
    }

    /** The error that two tokens are written alike. */
    GgufException duplicates(IllegalArgumentException cause) {
        return wrong(
                TOKENS,
                "holds duplicates: " + cause.getMessage(),
                "each text once; tokens with the same text are ambiguous, and llama.cpp takes the last");
    }

    GgufException wrong(String key, String seen, String expected) {
        return new GgufException(file.name() + ": " + key + " " + seen + ", expected " + expected);
    }

    /** How an element of a list of texts is named in an error. */
    static String at(int index, String text) {
        int shown = Math.min(text.length(), 40);
        return "holds \"" + text.substring(0, shown) + (shown < text.length() ? "..." : "") + "\" at " + index;
    }
}
