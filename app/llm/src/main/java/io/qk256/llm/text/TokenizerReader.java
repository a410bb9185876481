package io.qk256.llm.text;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.List;
import java.util.OptionalInt;

/** Reads the tokenizer of a GGUF file and trusts none of its bytes. */
final class TokenizerReader {

    private static final String MODEL = TokenizerKeys.PREFIX + "model";
    private static final List<String> MODELS = List.of("gpt2", "llama");
    private static final byte[] END_OF_TURN = "<|eot_id|>".getBytes(StandardCharsets.UTF_8);

    private final GgufFile file;

    TokenizerReader(GgufFile file) {
        this.file = file;
    }

    Tokenizer read() throws GgufException {
        String model = file.require(MODEL).asText();
        TokenizerKeys keys = new TokenizerKeys(file);
        if (!MODELS.contains(model)) {
            throw keys.wrong(
                    MODEL,
                    "is \"" + model + "\"",
                    String.join(" or ", MODELS) + "; only byte-level and SentencePiece BPE are supported");
        }
        if (keys.flag("add_sep_token", false)) {
            throw keys.wrong(
                    TokenizerKeys.PREFIX + "add_sep_token", "is true", "false: separator tokens are not supported");
        }
        TokenType[] types = keys.types();
        return model.equals("gpt2") ? bytePairs(keys, types) : sentencePieces(keys, types);
    }

    private Tokenizer bytePairs(TokenizerKeys keys, TokenType[] types) throws GgufException {
        BytePairReader reader = new BytePairReader(keys);
        PreTokenizer split = reader.preTokenizer();
        VocabularyTokenizer.Marks marks = marks(keys, types, split.addsBeginOfText());
        return tokenizer(keys, reader.read(types, split), marks);
    }

    private Tokenizer sentencePieces(TokenizerKeys keys, TokenType[] types) throws GgufException {
        VocabularyTokenizer.Marks marks = marks(keys, types, true);
        return tokenizer(keys, new SentencePieceReader(keys).read(types), marks);
    }

    /** A vocabulary and what encodes with it. */
    record Encoding(Vocabulary vocabulary, TextEncoder encoder) {}

    private static Tokenizer tokenizer(TokenizerKeys keys, Encoding encoding, VocabularyTokenizer.Marks marks)
            throws GgufException {
        try {
            return new VocabularyTokenizer(encoding.vocabulary(), encoding.encoder(), marks, keys.chatTemplate());
        } catch (IllegalArgumentException e) {
            throw keys.duplicates(e);
        }
    }

    /** Finds the marks, and makes control tokens of them, whatever type the file gives them. */
    private static VocabularyTokenizer.Marks marks(TokenizerKeys keys, TokenType[] types, boolean addBegin)
            throws GgufException {
        OptionalInt begin = keys.findToken("bos_token_id");
        int end = keys.requireToken("eos_token_id");
        OptionalInt endOfTurn = endOfTurn(keys);
        OptionalInt endOfMessage = keys.findToken("eom_token_id");
        boolean addsBegin = keys.flag("add_bos_token", addBegin);
        if (addsBegin && begin.isEmpty()) {
            keys.requireToken("bos_token_id");
        }
        begin.ifPresent(id -> types[id] = TokenType.CONTROL);
        BitSet stops = StopTokens.find(keys, types);
        stops.set(end);
        endOfTurn.ifPresent(stops::set);
        endOfMessage.ifPresent(stops::set);
        stops.stream().forEach(id -> types[id] = TokenType.CONTROL);
        return new VocabularyTokenizer.Marks(
                begin, end, endOfTurn, addsBegin, keys.flag("add_eos_token", false), stops);
    }

    private static OptionalInt endOfTurn(TokenizerKeys keys) throws GgufException {
        OptionalInt named = keys.findToken("eot_token_id");
        for (int id = keys.size() - 1; named.isEmpty() && id >= 0; id--) {
            if (keys.isWritten(id, END_OF_TURN)) {
                return OptionalInt.of(id);
            }
        }
        return named;
    }
}
