package io.qk256.llm.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Metadata that is incomplete, contradicts itself, or is malicious. */
class TokenizerReaderTest {

    private final MetadataFile file = Tokenizers.small();

    @ParameterizedTest
    @ValueSource(strings = {"llama-bpe", "llama3", "llama-v3"})
    void acceptsEveryNameOfLlama3(String name) {
        file.with("tokenizer.ggml.pre", name);
        assertThat(Tokenizers.of(file).encode("he", false, false)).containsExactly(Tokenizers.HELLO);
    }

    @Test
    void recognizesLlama3WithoutItsName() {
        List<String> tokens = new ArrayList<>(Tokenizers.byteCharacters());
        for (int i = tokens.size(); i < 128_256; i++) {
            tokens.add(i == 128_009 ? "<|eot_id|>" : "t" + i);
        }
        file.without("tokenizer.ggml.pre")
                .without("tokenizer.ggml.token_type")
                .without("tokenizer.ggml.merges")
                .with("tokenizer.ggml.tokens", tokens);

        assertThat(Tokenizers.of(file).endOfTurn()).hasValue(128_009);

        Collections.swap(tokens, 128_008, 128_009);
        assertRefused(
                "tokenizer.ggml.pre is missing and the vocabulary (128256 tokens) is not LLaMA-3's, expected one of"
                        + " llama-bpe, ");
        assertRefused(", or 128256 tokens, of which number 128009 is <|eot_id|>; convert the model again");
    }

    @Test
    void mergesInTheOrderOfIdsWithoutMerges() {
        file.without("tokenizer.ggml.merges");
        assertThat(Tokenizers.of(file).encode("hello", false, false))
                .containsExactly(Tokenizers.HELLO, 'l', Tokenizers.HELLO + 1);
    }

    @Test
    void mergesInTheOrderOfMerges() {
        List<String> tokens = file.strings("tokenizer.ggml.tokens");
        tokens.set(Tokenizers.DEFINED, "el");
        file.without("tokenizer.ggml.token_type").with("tokenizer.ggml.merges", List.of("e l", "h e"));
        assertThat(Tokenizers.of(file).encode("hell", false, false)).containsExactly('h', Tokenizers.DEFINED, 'l');

        file.with("tokenizer.ggml.merges", List.of("h e", "e l"));
        assertThat(Tokenizers.of(file).encode("hell", false, false)).containsExactly(Tokenizers.HELLO, 'l', 'l');
    }

    @Test
    void takesAWholePieceBeforeItsMerges() {
        file.strings("tokenizer.ggml.tokens").set(Tokenizers.DEFINED, "hell");
        file.without("tokenizer.ggml.token_type");
        Tokenizer tokenizer = Tokenizers.of(file);
        assertThat(tokenizer.encode("hell", false, false)).containsExactly(Tokenizers.DEFINED);
        assertThat(tokenizer.encode("hells", false, false)).containsExactly(Tokenizers.HELLO, 'l', 'l', 's');
    }

    @Test
    void takesMarksForMarksWhateverTheirType() {
        file.without("tokenizer.ggml.token_type");
        Tokenizer tokenizer = Tokenizers.of(file);
        assertThat(tokenizer.endOfTurn()).hasValue(Tokenizers.END_OF_TURN);
        assertThat(tokenizer.decode(Tokenizers.BEGIN, 'a', Tokenizers.END_OF_TURN, Tokenizers.END))
                .isEqualTo("a");
    }

    @Test
    void takesTheEndOfTurnThatTheFileNames() {
        file.with("tokenizer.ggml.eot_token_id", Tokenizers.DEFINED);
        assertThat(Tokenizers.of(file).endOfTurn()).hasValue(Tokenizers.DEFINED);
    }

    @ParameterizedTest
    @ValueSource(strings = {"tokenizer.ggml.model", "tokenizer.ggml.tokens", "tokenizer.ggml.eos_token_id"})
    void refusesAFileWithoutTheKey(String key) {
        file.without(key);
        assertRefused("no key " + key);
    }

    @Test
    void refusesOtherKinds() {
        file.with("tokenizer.ggml.model", "bert");
        assertRefused("tokenizer.ggml.model is \"bert\", expected gpt2 or llama; only byte-level and SentencePiece BPE"
                + " are supported");
    }

    @Test
    void refusesOtherWaysToSplit() {
        file.with("tokenizer.ggml.pre", "tekken");
        assertRefused(
                "tokenizer.ggml.pre is \"tekken\", expected one of llama-bpe, dbrx, qwen2, falcon3, gpt-2, default,"
                        + " llama3, llama-v3, ");
        assertRefused(", trillion; how the model splits text is not known here");
    }

    @Test
    void refusesWrongTypes() {
        file.with("tokenizer.ggml.tokens", new int[] {1, 2});
        assertRefused("tokenizer.ggml.tokens is of type array of i32, expected array of string");
        assertRefused(Tokenizers.small().with("tokenizer.ggml.merges", 1), "merges is of type u32, expected array");
        assertRefused(Tokenizers.small().with("tokenizer.ggml.token_type", new float[262]), "expected array of i32");
        assertRefused(Tokenizers.small().with("tokenizer.ggml.scores", new int[262]), "expected array of f32");
        assertRefused(Tokenizers.small().with("tokenizer.ggml.bos_token_id", "x"), "expected an integer");
        assertRefused(Tokenizers.small().with("tokenizer.ggml.add_bos_token", 1), "expected bool");
        assertRefused(Tokenizers.small().with("tokenizer.ggml.pre", 1), "expected string");
    }

    @Test
    void refusesUnequalLengths() {
        file.with("tokenizer.ggml.token_type", new int[261]);
        assertRefused("tokenizer.ggml.token_type has 261 elements, expected 262, as tokenizer.ggml.tokens has");
        assertRefused(Tokenizers.small().with("tokenizer.ggml.scores", new float[263]), "scores has 263 elements");
    }

    @Test
    void refusesUnknownTokenTypes() {
        int[] types = new int[262];
        file.with("tokenizer.ggml.token_type", types);
        assertRefused("tokenizer.ggml.token_type holds 0 at 0, expected 1 to 6");
    }

    @Test
    void refusesIdsOutsideTheVocabulary() {
        file.with("tokenizer.ggml.eos_token_id", 262);
        assertRefused("tokenizer.ggml.eos_token_id is 262, expected 0 to 261");
        assertRefused(Tokenizers.small().with("tokenizer.ggml.eot_token_id", -1), "expected 0 to 261");
    }

    @Test
    void saysWhetherTextsEnd() {
        assertThat(Tokenizers.of(file).addsEndOfText()).isFalse();
        assertThat(Tokenizers.of(file.with("tokenizer.ggml.add_eos_token", true))
                        .addsEndOfText())
                .isTrue();
    }

    @Test
    void needsNoTokenThatBeginsATextUnlessItIsAdded() {
        file.without("tokenizer.ggml.bos_token_id");
        assertRefused("no key tokenizer.ggml.bos_token_id");
        Tokenizer tokenizer = Tokenizers.of(file.with("tokenizer.ggml.add_bos_token", false));
        assertThat(tokenizer.beginOfText()).isEmpty();
        assertThat(tokenizer.addsBeginOfText()).isFalse();
        assertThatThrownBy(() -> tokenizer.encode("a", true, false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the model has no token that begins a text");
    }

    @ParameterizedTest
    @CsvSource({"llama-bpe, true", "falcon-h1, true", "qwen2, false", "falcon3, false", "default, false"})
    void addsTheBeginOfTextAsTheWayToSplitSays(String name, boolean adds) {
        file.with("tokenizer.ggml.pre", name).without("tokenizer.ggml.add_bos_token");
        assertThat(Tokenizers.of(file).addsBeginOfText()).isEqualTo(adds);
    }

    /** Separator tokens between texts are not supported. */
    @Test
    void refusesMarksThatAreNotWritten() {
        file.with("tokenizer.ggml.add_sep_token", true);
        assertRefused("tokenizer.ggml.add_sep_token is true, expected false");
    }

    @Test
    void refusesAnEmptyVocabulary() {
        file.with("tokenizer.ggml.tokens", List.of());
        assertRefused("tokenizer.ggml.tokens is empty");
    }

    @Test
    void refusesUnusableTokens() {
        file.strings("tokenizer.ggml.tokens").set(Tokenizers.HELLO, "");
        assertRefused("tokenizer.ggml.tokens holds \"\" at 256, expected 1 to 1024 characters of GPT-2's alphabet");
        file.strings("tokenizer.ggml.tokens").set(Tokenizers.HELLO, "x".repeat(1025));
        assertRefused("...\" at 256, expected 1 to 1024 characters");
        file.strings("tokenizer.ggml.tokens").set(Tokenizers.HELLO, "a b");
        assertRefused("tokenizer.ggml.tokens holds \"a b\" at 256, expected 1 to 1024 characters of GPT-2's alphabet");
        file.strings("tokenizer.ggml.tokens").set(Tokenizers.HELLO, "<think>");
        assertRefused(
                "tokenizer.ggml.tokens holds duplicates: tokens 256 and 261 have the same text, expected each text once; tokens with the same text are ambiguous");
        assertRefused(Tokenizers.smallWith("<think>", TokenType.CONTROL), "tokens 261 and 262 have the same text");
        assertRefused(Tokenizers.smallWith("he", TokenType.NORMAL), "tokens 256 and 262 have the same text");
    }

    @Test
    void refusesAVocabularyWithoutAllBytesUnlessItsMakersLeaveThemOut() {
        file.strings("tokenizer.ggml.tokens").set(0x80, "zzz");
        assertRefused("tokenizer.ggml.tokens has no token for byte 128");
        assertRefused(Tokenizers.small().with("tokenizer.ggml.eos_token_id", 65), "has no token for byte 65");
        file.with("tokenizer.ggml.pre", "falcon_e");
        Tokenizer tokenizer = Tokenizers.of(file);
        assertThat(tokenizer.encode("h\u0080e", false, false)).containsExactly('h', 0xC2, 'e');
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "he", "h ", " e", "h e l", "h  e", "h \u4e00", "h e\n"})
    void refusesMergesThatAreNotTwoTokens(String merge) {
        file.with("tokenizer.ggml.merges", List.of("l o", merge));
        assertRefused("tokenizer.ggml.merges holds \"" + merge + "\" at 1, expected two tokens");
    }

    @Test
    void refusesMergesOfTokensThatAreNotThere() {
        file.with("tokenizer.ggml.merges", List.of("h i"));
        assertRefused("tokenizer.ggml.merges holds \"h i\" at 0, expected two tokens that merge into a third");
        assertRefused(Tokenizers.small().with("tokenizer.ggml.merges", List.of("xx h")), "that merge into a third");
        assertRefused(Tokenizers.small().with("tokenizer.ggml.merges", List.of("x " + "h".repeat(2000))), "at 0");
    }

    @Test
    void refusesMergesTwice() {
        file.with("tokenizer.ggml.merges", List.of("h e", "l o", "h e"));
        assertRefused("tokenizer.ggml.merges holds \"h e\" at 2 again, expected each pair once");
    }

    private void assertRefused(String message) {
        assertRefused(file, message);
    }

    private static void assertRefused(MetadataFile metadata, String message) {
        assertThatThrownBy(() -> {
                    try (GgufFile opened = metadata.open()) {
                        Tokenizer.of(opened);
                    }
                })
                .isInstanceOf(GgufException.class)
                .hasMessageStartingWith("test.gguf: ")
                .hasMessageContaining(message);
    }
}
