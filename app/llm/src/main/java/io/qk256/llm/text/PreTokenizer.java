package io.qk256.llm.text;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How byte-level BPE splits text before it merges, by the names in {@code tokenizer.ggml.pre}. Names that llama.cpp
 * treats alike are alike here; {@code falcon3} and {@code falcon_e} are read as in bitnet.cpp, with which the makers of
 * these models published them (llama.cpp takes {@code falcon3} for LLaMA-3's, and does not know the other).
 */
enum PreTokenizer {
    LLAMA3(
            new Llama3Splitter(3),
            Trait.WHOLE_PIECES_AND_BEGIN,
            "llama-bpe",
            "llama3",
            "llama-v3",
            "falcon-h1",
            "jina-v5-nano",
            "lfm2",
            "midm-2.0",
            "pixtral"),
    LLAMA3_MERGED(new Llama3Splitter(3), Trait.NONE, "dbrx", "smaug-bpe"),
    QWEN2(
            new Llama3Splitter(1),
            Trait.NONE,
            "qwen2",
            "deepseek-r1-qwen",
            "f2llmv2",
            "grok-2",
            "hunyuan",
            "kormo",
            "megrez",
            "solar-open",
            "stablelm2"),
    FALCON(
            new RunSplitter(PreTokenizer::isFalconPunctuation, 1, Integer.MAX_VALUE)
                    .then(new Gpt2Splitter())
                    .then(new RunSplitter(Characters::isAsciiDigit, 1, 1)),
            Trait.LACKS_BYTES,
            "falcon3",
            "falcon_e"),
    GPT2(
            new Gpt2Splitter(),
            Trait.NONE,
            "gpt-2",
            "a.x-4.0",
            "exaone4",
            "gigachat",
            "granite-docling",
            "jais",
            "jina-de",
            "jina-es",
            "jina-v2-de",
            "jina-v2-es",
            "mellum",
            "modern-bert",
            "mpt",
            "olmo",
            "phi-2",
            "trillion"),
    DEFAULT(
            new RunSplitter(PreTokenizer::isDefaultPunctuation, 1, Integer.MAX_VALUE)
                    .then(new Gpt2Splitter())
                    .then(new RunSplitter(c -> Characters.classOf(c) == Characters.NUMBER, 1, Integer.MAX_VALUE))
                    .then(new RunSplitter(Characters::isAsciiDigit, 3, 3)),
            Trait.NONE,
            "default");

    @SuppressWarnings("ImmutableEnumChecker") // Splitters have no state.
    private final Splitter splitter;

    private final Trait trait;

    @SuppressWarnings("ImmutableEnumChecker") // Made by List.of.
    private final List<String> names;

    PreTokenizer(Splitter splitter, Trait trait, String... names) {
        this.splitter = splitter;
        this.trait = trait;
        this.names = List.of(names);
    }

    private enum Trait {
        NONE,
        WHOLE_PIECES_AND_BEGIN,
        LACKS_BYTES
    }

    static Optional<PreTokenizer> of(String name) {
        for (PreTokenizer candidate : values()) {
            if (candidate.names.contains(name)) {
                return Optional.of(candidate);
            }
        }
        return Optional.empty();
    }

    /** All names, the usual one of each way to split first. */
    static List<String> supported() {
        List<String> first = new ArrayList<>();
        List<String> others = new ArrayList<>();
        for (PreTokenizer candidate : values()) {
            first.add(candidate.names.getFirst());
            others.addAll(candidate.names.subList(1, candidate.names.size()));
        }
        first.addAll(others);
        return first;
    }

    Splitter splitter() {
        return splitter;
    }

    /** Whether a piece that is a token becomes that token even if no merges make it. */
    boolean takesWholePieces() {
        return trait == Trait.WHOLE_PIECES_AND_BEGIN;
    }

    /** Whether prompts start with the begin of text where the file does not say. */
    boolean addsBeginOfText() {
        return trait == Trait.WHOLE_PIECES_AND_BEGIN;
    }

    /** Whether the vocabulary may lack tokens for some bytes, which then vanish from the text. */
    boolean mayLackBytes() {
        return trait == Trait.LACKS_BYTES;
    }

    /** {@code [\p{P}$+<=>^~|`]}. */
    private static boolean isFalconPunctuation(int c) {
        return isDefaultPunctuation(c) || c == '`';
    }

    /** {@code [\p{P}$+<=>^~|]}. */
    private static boolean isDefaultPunctuation(int c) {
        return switch (c) {
            case '$', '+', '<', '=', '>', '^', '~', '|' -> true;
            default -> Characters.isPunctuation(c);
        };
    }
}
