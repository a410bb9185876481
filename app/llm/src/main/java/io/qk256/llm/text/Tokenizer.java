package io.qk256.llm.text;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * Text to tokens and back: byte-level BPE with LLaMA-3's way to split text. Immutable and thread-safe.
 *
 * <p>Text is split into pieces; a piece that is a token as a whole becomes it, and of any other the bytes are merged,
 * pair by pair, in the order of the merges' ranks. Every text can be encoded, and decoding gives it back, but that
 * unpaired surrogates become U+FFFD. The time is O(n log n) for n characters, whatever they are.
 */
public final class Tokenizer {

    private final Vocabulary vocabulary;
    private final MergeTable merges;
    private final Marks marks;
    private final SpecialTokens definedText;
    private final SpecialTokens allSpecial;

    Tokenizer(Vocabulary vocabulary, MergeTable merges, Marks marks) {
        this.vocabulary = vocabulary;
        this.merges = merges;
        this.marks = marks;
        this.definedText = new SpecialTokens(vocabulary, false);
        this.allSpecial = new SpecialTokens(vocabulary, true);
    }

    /**
     * The marks that frame text.
     *
     * @param endOfTurn ends one speaker's turn in a conversation, if the model knows conversations
     * @param addBeginOfText whether prompts start with that mark
     */
    record Marks(int beginOfText, int endOfText, OptionalInt endOfTurn, boolean addBeginOfText) {}

    /**
     * The tokenizer of a model file; the file may be closed afterwards.
     *
     * @throws GgufException if the file has none, one of another kind, or a damaged one
     */
    public static Tokenizer of(GgufFile file) throws GgufException {
        return new TokenizerReader(file).read();
    }

    /** How many tokens there are: ids are 0 up to this, exclusive. */
    public int vocabularySize() {
        return vocabulary.size();
    }

    /** The token before every text. */
    public int beginOfText() {
        return marks.beginOfText();
    }

    /** The token that ends a text. */
    public int endOfText() {
        return marks.endOfText();
    }

    /** The token that ends one speaker's turn in a conversation; empty for a model that only continues text. */
    public OptionalInt endOfTurn() {
        return marks.endOfTurn();
    }

    /** Whether the model wants {@link #beginOfText} before a prompt. */
    public boolean addsBeginOfText() {
        return marks.addBeginOfText();
    }

    /** Whether an answer is complete with this token: the end of the text, or of the turn. */
    public boolean isStop(int token) {
        return token == marks.endOfText()
                || (marks.endOfTurn().isPresent() && token == marks.endOfTurn().getAsInt());
    }

    /**
     * The tokens of a text.
     *
     * @param addBos whether to put {@link #beginOfText} before it
     * @param parseSpecial whether marks that are written out, such as {@code <|eot_id|>}, become the marks; never for
     *     text that somebody else has written, for it could pose as another speaker
     */
    public int[] encode(String text, boolean addBos, boolean parseSpecial) {
        String wellFormed = withoutUnpairedSurrogates(text);
        IntStream.Builder out = IntStream.builder();
        if (addBos) {
            out.add(marks.beginOfText());
        }
        SpecialTokens special = parseSpecial ? allSpecial : definedText;
        int start = 0;
        for (Optional<SpecialTokens.Match> match = special.next(wellFormed, 0);
                match.isPresent();
                match = special.next(wellFormed, start)) {
            encodePieces(wellFormed.substring(start, match.get().start()), out);
            out.add(match.get().id());
            start = match.get().end();
        }
        encodePieces(wellFormed.substring(start), out);
        return out.build().toArray();
    }

    /**
     * The text of tokens. Marks give none; bytes that are not UTF-8 become U+FFFD.
     *
     * @throws IllegalArgumentException if one is not in the vocabulary
     */
    public String decode(int... tokens) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int token : tokens) {
            bytes.writeBytes(textBytes(token));
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    /**
     * A token as people write it, for display: marks by their names.
     *
     * @throws IllegalArgumentException if it is not in the vocabulary
     */
    public String describe(int token) {
        return new String(vocabulary.bytes(requireToken(token)), StandardCharsets.UTF_8);
    }

    /** What a token adds to the text, UTF-8 or a part of it; not to be changed. */
    byte[] textBytes(int token) {
        return vocabulary.type(requireToken(token)).isText() ? vocabulary.bytes(token) : new byte[0];
    }

    private int requireToken(int token) {
        if (token < 0 || token >= vocabulary.size()) {
            throw new IllegalArgumentException("token " + token + ", expected 0 to " + (vocabulary.size() - 1));
        }
        return token;
    }

    private void encodePieces(String text, IntStream.Builder out) {
        Llama3Splitter splitter = new Llama3Splitter(text);
        for (int start = 0; start < text.length(); ) {
            int end = splitter.end(start);
            byte[] piece = text.substring(start, end).getBytes(StandardCharsets.UTF_8);
            int whole = vocabulary.findPlain(piece, 0, piece.length);
            if (whole == Vocabulary.NONE) {
                BytePairMerger.encode(vocabulary, merges, piece, out);
            } else {
                out.add(whole);
            }
            start = end;
        }
    }

    /** The encoder of UTF-16 writes U+FFFD for a surrogate without its other half; that of UTF-8 would write '?'. */
    private static String withoutUnpairedSurrogates(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_16BE), StandardCharsets.UTF_16BE);
    }
}
