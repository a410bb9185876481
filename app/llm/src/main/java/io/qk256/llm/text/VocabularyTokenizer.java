package io.qk256.llm.text;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Predicate;

/** Cuts special tokens out of a text and has the rest encoded. */
final class VocabularyTokenizer implements Tokenizer {

    private static final byte[] NO_BYTES = {};

    private final Vocabulary vocabulary;
    private final TextEncoder encoder;
    private final Marks marks;
    private final SpecialTokens definedText;
    private final SpecialTokens allSpecial;
    private final Optional<String> chatTemplate;

    /**
     * Special tokens with a meaning of their own.
     *
     * @param endOfTurn ends a turn of a conversation, if the model has turns
     * @param addBeginOfText whether texts start with {@code beginOfText}
     * @param addEndOfText whether complete texts end with {@code endOfText}
     * @param stops tokens that complete an answer
     */
    record Marks(
            OptionalInt beginOfText,
            int endOfText,
            OptionalInt endOfTurn,
            boolean addBeginOfText,
            boolean addEndOfText,
            BitSet stops) {}

    /**
     * Keeps the marks, which must not change afterwards.
     *
     * @param chatTemplate the file's own, which nobody has checked
     * @throws IllegalArgumentException if two special tokens are written alike
     */
    VocabularyTokenizer(Vocabulary vocabulary, TextEncoder encoder, Marks marks, Optional<String> chatTemplate) {
        this(
                vocabulary,
                encoder,
                marks,
                new SpecialTokens(vocabulary, false),
                new SpecialTokens(vocabulary, true),
                chatTemplate);
    }

    private VocabularyTokenizer(
            Vocabulary vocabulary,
            TextEncoder encoder,
            Marks marks,
            SpecialTokens definedText,
            SpecialTokens allSpecial,
            Optional<String> chatTemplate) {
        this.vocabulary = vocabulary;
        this.encoder = encoder;
        this.marks = marks;
        this.definedText = definedText;
        this.allSpecial = allSpecial;
        this.chatTemplate = chatTemplate;
    }

    @Override
    public Tokenizer withNfc() {
        return new VocabularyTokenizer(vocabulary, encoder.afterNfc(), marks, definedText, allSpecial, chatTemplate);
    }

    @Override
    public int vocabularySize() {
        return vocabulary.size();
    }

    @Override
    public OptionalInt beginOfText() {
        return marks.beginOfText();
    }

    @Override
    public int endOfText() {
        return marks.endOfText();
    }

    @Override
    public OptionalInt endOfTurn() {
        return marks.endOfTurn();
    }

    @Override
    public boolean addsBeginOfText() {
        return marks.addBeginOfText();
    }

    @Override
    public boolean addsEndOfText() {
        return marks.addEndOfText();
    }

    @Override
    public boolean isStop(int token) {
        return token >= 0 && marks.stops().get(token);
    }

    @Override
    public Optional<String> chatTemplate() {
        return chatTemplate;
    }

    @Override
    public OptionalInt findMark(String name) {
        return allSpecial.find(name);
    }

    @Override
    public int[] encode(String text, boolean addBos, boolean parseSpecial) {
        TokenList out = new TokenList();
        if (addBos) {
            out.add(marks.beginOfText()
                    .orElseThrow(() -> new IllegalArgumentException("the model has no token that begins a text")));
        }
        encode(text, parseSpecial ? allSpecial : definedText, match -> true, out);
        return out.toArray();
    }

    @Override
    public int[] encode(String text, MarkFilter where) {
        TokenList out = new TokenList();
        encode(
                text,
                allSpecial,
                match -> vocabulary.type(match.id()) == TokenType.USER_DEFINED
                        || where.allows(match.start(), match.end()),
                out);
        return out.toArray();
    }

    private void encode(String text, SpecialTokens special, Predicate<SpecialTokens.Match> isAllowed, TokenList out) {
        String wellFormed = withoutUnpairedSurrogates(text);
        int start = 0;
        for (Optional<SpecialTokens.Match> match = special.next(wellFormed, 0, isAllowed);
                match.isPresent();
                match = special.next(wellFormed, start, isAllowed)) {
            encodeText(wellFormed.substring(start, match.get().start()), out);
            out.add(match.get().id());
            start = match.get().end();
        }
        encodeText(wellFormed.substring(start), out);
    }

    private void encodeText(String text, TokenList out) {
        if (!text.isEmpty()) {
            encoder.encode(text, out);
        }
    }

    @Override
    public String decode(int... tokens) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int token : tokens) {
            bytes.writeBytes(textBytes(token));
        }
        String text = bytes.toString(StandardCharsets.UTF_8);
        return encoder.beginsWithSpace() && text.startsWith(" ") ? text.substring(1) : text;
    }

    @Override
    public String describe(int token) {
        return new String(vocabulary.bytes(requireToken(token)), StandardCharsets.UTF_8);
    }

    @Override
    public byte[] textBytes(int token) {
        return vocabulary.type(requireToken(token)).isText()
                ? vocabulary.bytes(token).clone()
                : NO_BYTES;
    }

    private int requireToken(int token) {
        if (token < 0 || token >= vocabulary.size()) {
            throw new IllegalArgumentException("token " + token + ", expected 0 to " + (vocabulary.size() - 1));
        }
        return token;
    }

    /** The UTF-16 encoder writes U+FFFD for an unpaired surrogate; the UTF-8 encoder would write '?'. */
    private static String withoutUnpairedSurrogates(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                return new String(text.getBytes(StandardCharsets.UTF_16BE), StandardCharsets.UTF_16BE);
            }
        }
        return text;
    }
}
