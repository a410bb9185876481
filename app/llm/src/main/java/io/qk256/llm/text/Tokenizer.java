package io.qk256.llm.text;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import io.qk256.llm.text.jinja.MarkedText;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * Converts text to tokens and back: byte-level BPE with LLaMA-3's pre-tokenizer. Immutable and thread-safe.
 *
 * <p>Text is split into pieces. A piece that is itself a token becomes that token; otherwise its bytes are merged pair
 * by pair, in the order of the merges' ranks. Every text can be encoded, and decoding returns the same text, except
 * that unpaired surrogates become U+FFFD. The time is O(n log n) for any n characters.
 */
public final class Tokenizer {

    /** Marks that end an answer in every model that has them: of ChatML, LLaMA 3, Gemma, Qwen and Falcon, Phi. */
    private static final List<String> ENDS = List.of(
            "<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<|endoftext|>", "<end_of_turn>", "<|end|>");

    private final Vocabulary vocabulary;
    private final MergeTable merges;
    private final Marks marks;
    private final SpecialTokens definedText;
    private final SpecialTokens allSpecial;
    private final Optional<String> chatTemplate;
    private final BitSet stops = new BitSet();

    /** @param chatTemplate the file's own, which nobody has checked */
    Tokenizer(Vocabulary vocabulary, MergeTable merges, Marks marks, Optional<String> chatTemplate) {
        this.vocabulary = vocabulary;
        this.merges = merges;
        this.marks = marks;
        this.chatTemplate = chatTemplate;
        this.definedText = new SpecialTokens(vocabulary, false);
        this.allSpecial = new SpecialTokens(vocabulary, true);
        stops.set(marks.endOfText());
        marks.endOfTurn().ifPresent(stops::set);
        ENDS.stream()
                .flatMapToInt(name -> findMark(name).stream())
                .filter(id -> vocabulary.type(id) == TokenType.CONTROL)
                .forEach(stops::set);
    }

    /**
     * The special tokens that frame text.
     *
     * @param endOfTurn ends a turn of a conversation, if the model has turns
     * @param addBeginOfText whether prompts start with {@code beginOfText}
     */
    record Marks(int beginOfText, int endOfText, OptionalInt endOfTurn, boolean addBeginOfText) {}

    /**
     * Reads the tokenizer of a model file; the file may be closed afterwards.
     *
     * @throws GgufException if the file has no tokenizer, an unsupported one, or a damaged one
     */
    public static Tokenizer of(GgufFile file) throws GgufException {
        return new TokenizerReader(file).read();
    }

    /** The number of tokens; ids are 0 to this minus 1. */
    public int vocabularySize() {
        return vocabulary.size();
    }

    /** The token that begins a text. */
    public int beginOfText() {
        return marks.beginOfText();
    }

    /** The token that ends a text. */
    public int endOfText() {
        return marks.endOfText();
    }

    /** The token that ends a turn of a conversation; empty for a model that only continues text. */
    public OptionalInt endOfTurn() {
        return marks.endOfTurn();
    }

    /** Whether the model expects {@link #beginOfText} before a prompt. */
    public boolean addsBeginOfText() {
        return marks.addBeginOfText();
    }

    /** Whether this token completes an answer: the end of the text, of the turn, or of a message. */
    public boolean isStop(int token) {
        return token >= 0 && stops.get(token);
    }

    /** The template for conversations that the file carries, in Jinja. */
    Optional<String> chatTemplate() {
        return chatTemplate;
    }

    /** The token of a mark that is written out. */
    OptionalInt findMark(String name) {
        return allSpecial.find(name);
    }

    /**
     * Encodes a text.
     *
     * @param addBos whether to prepend {@link #beginOfText}
     * @param parseSpecial whether special tokens spelled out, such as {@code <|eot_id|>}, become those tokens; never
     *     use this for untrusted text, which could pose as another speaker
     */
    public int[] encode(String text, boolean addBos, boolean parseSpecial) {
        return encode(text, addBos, parseSpecial ? allSpecial : definedText, match -> true);
    }

    /**
     * The tokens of a conversation. Only marks that a template has written become the marks. Everything else is split
     * and merged as one text, as in training: in {@code "User: " + "Hi"}, the space goes with the message.
     */
    int[] encode(MarkedText text) {
        return encode(
                text.text(),
                false,
                allSpecial,
                match -> vocabulary.type(match.id()) == TokenType.USER_DEFINED
                        || text.isTemplate(match.start(), match.end()));
    }

    private int[] encode(String text, boolean addBos, SpecialTokens special, Predicate<SpecialTokens.Match> isAllowed) {
        String wellFormed = withoutUnpairedSurrogates(text);
        IntStream.Builder out = IntStream.builder();
        if (addBos) {
            out.add(marks.beginOfText());
        }
        int start = 0;
        for (Optional<SpecialTokens.Match> match = special.next(wellFormed, 0, isAllowed);
                match.isPresent();
                match = special.next(wellFormed, start, isAllowed)) {
            encodePieces(wellFormed.substring(start, match.get().start()), out);
            out.add(match.get().id());
            start = match.get().end();
        }
        encodePieces(wellFormed.substring(start), out);
        return out.build().toArray();
    }

    /**
     * Decodes tokens to text. Control tokens give no text; bytes that are not UTF-8 become U+FFFD.
     *
     * @throws IllegalArgumentException if a token is not in the vocabulary
     */
    public String decode(int... tokens) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int token : tokens) {
            bytes.writeBytes(textBytes(token));
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    /**
     * Returns a token for display; control tokens by their names.
     *
     * @throws IllegalArgumentException if the token is not in the vocabulary
     */
    public String describe(int token) {
        return new String(vocabulary.bytes(requireToken(token)), StandardCharsets.UTF_8);
    }

    /** The bytes that a token adds to the text, perhaps an incomplete character; do not modify them. */
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

    /** The UTF-16 encoder writes U+FFFD for an unpaired surrogate; the UTF-8 encoder would write '?'. */
    private static String withoutUnpairedSurrogates(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_16BE), StandardCharsets.UTF_16BE);
    }
}
