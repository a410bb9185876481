package io.qk256.llm.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.qk256.llm.generation.GenerationOptions.WhenFull;
import io.qk256.llm.generation.Generator.Answer;
import io.qk256.llm.generation.Generator.End;
import io.qk256.llm.grammar.JsonGrammar;
import io.qk256.llm.grammar.TokenTexts;
import io.qk256.llm.model.HeadType;
import io.qk256.spi.support.UserError;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Uses the embedded model. */
class GeneratorTest {

    private static final SamplingOptions SAMPLED = new SamplingOptions(0.8, 40, 1, 0, 1, 64, 5);

    @Test
    void textComesPieceByPieceUpToTheLimit() throws IOException {
        List<String> pieces = new ArrayList<>();
        try (Demo demo = new Demo(HeadType.STORED, 1)) {
            int[] prompt = demo.encode("Once upon a time");
            Answer answer = demo.generator(SAMPLED).generate(prompt, 20, () -> false, pieces::add);
            assertThat(answer.end()).isEqualTo(End.LIMIT);
            assertThat(answer.tokens()).isEqualTo(20);
            assertThat(pieces).hasSizeBetween(15, 20);
            assertThat(answer.text()).isEqualTo(String.join("", pieces)).startsWith(" ");
            assertThat(demo.sequence.position())
                    .as("the last token is not computed")
                    .isEqualTo(prompt.length + 19);
            assertThat(answer.speed().promptTokens()).isEqualTo(prompt.length);
            assertThat(answer.speed().decodedTokens()).isEqualTo(19);
        }
    }

    @Test
    void endsWithTheContext() throws IOException {
        try (Demo demo = new Demo(HeadType.STORED, 1)) {
            int[] prompt = new int[250];
            Arrays.fill(prompt, 300);
            Answer answer = demo.generator(SamplingOptions.greedy()).generate(prompt, 1000, () -> false, text -> {});
            assertThat(answer.end()).isEqualTo(End.CONTEXT);
            assertThat(answer.tokens()).isEqualTo(256 - 250);
            assertThat(demo.sequence.position())
                    .as("the last token is not computed")
                    .isEqualTo(255);
            int[] all = new int[256];
            Arrays.fill(all, 300);
            Answer none = demo.generator(SamplingOptions.greedy()).generate(all, 1000, () -> false, text -> {});
            assertThat(none.end()).isEqualTo(End.CONTEXT);
            assertThat(none.tokens()).isZero();
        }
    }

    /** The continuation is that of a new text made of the first token and the newer half. */
    @Test
    void forgetsTheOlderHalfIfToldSo() throws IOException {
        try (Demo demo = new Demo(HeadType.STORED, 1)) {
            int[] prompt = new int[250];
            Arrays.fill(prompt, 300);
            Sampler greedy = new Sampler(SamplingOptions.greedy(), demo.tokenizer.vocabularySize());
            Generator generator =
                    new Generator(demo.tokenizer, demo.sequence, greedy, WhenFull.FORGET_OLDEST, Optional.empty());
            Answer answer = generator.generate(prompt, 20, () -> false, text -> {});
            assertThat(answer.end()).isEqualTo(End.LIMIT);
            assertThat(answer.forgotten()).as("of a full context").isEqualTo(256 - 1 - 127);
            int[] held = demo.sequence.tokens();
            assertThat(held).hasSize(1 + 127 + 1 + 12).startsWith(prompt[0]);
            float[] logits = demo.sequence.logits().clone();
            demo.sequence.rewind(0);
            assertThat(demo.sequence.prompt(held)).isEqualTo(logits);
        }
    }

    @Test
    void stopsWhenToldSo() throws IOException {
        List<String> pieces = new ArrayList<>();
        try (Demo demo = new Demo(HeadType.STORED, 1)) {
            Answer answer = demo.generator(SAMPLED)
                    .generate(demo.encode("The fox"), 100, () -> pieces.size() == 3, pieces::add);
            assertThat(answer.end()).isEqualTo(End.STOPPED);
            assertThat(pieces).hasSize(3);
        }
    }

    @Test
    void endsWithTheModelsMark() throws IOException {
        try (Demo demo = new Demo(HeadType.STORED, 1)) {
            String end = " And they lived happily ever after.";
            int[] prompt = demo.encode("The king married her." + end);
            float[] logits = demo.sequence.prompt(prompt);
            int likeliest = 0;
            for (int i = 0; i < logits.length; i++) {
                likeliest = logits[i] > logits[likeliest] ? i : likeliest;
            }
            Answer answer = demo.generator(SamplingOptions.greedy()).generate(prompt, 5, () -> false, text -> {});
            assertThat(demo.tokenizer.isStop(likeliest))
                    .as("the model ends here")
                    .isTrue();
            assertThat(answer.end()).isEqualTo(End.COMPLETE);
            assertThat(answer.tokens()).isZero();
            assertThat(answer.text()).isEmpty();
        }
    }

    /** Tokens computed once are not computed again, and nothing else changes. */
    @Test
    void commonBeginningIsKept() throws IOException {
        try (Demo demo = new Demo(HeadType.STORED, 1);
                Demo other = new Demo(HeadType.STORED, 1)) {
            Generator generator = demo.generator(SamplingOptions.greedy());
            int[] first = demo.encode("There was once a king");
            Answer before = generator.generate(first, 10, () -> false, text -> {});
            int[] second = demo.encode("There was once a king" + before.text() + " She took the golden apple");
            Answer seen = generator.generate(second, 10, () -> false, text -> {});
            Answer expected = other.generator(SamplingOptions.greedy()).generate(second, 10, () -> false, text -> {});
            assertThat(seen.text()).isEqualTo(expected.text());
            assertThat(expected.speed().promptTokens()).isEqualTo(second.length);
            assertThat(seen.speed().promptTokens()).isBetween(1, second.length - first.length);

            Answer again = generator.generate(second, 10, () -> false, text -> {});
            assertThat(again.text()).isEqualTo(expected.text());
            assertThat(again.speed().promptTokens()).as("logits need a token").isEqualTo(1);

            int[] elsewhere = demo.encode("A wolf");
            assertThat(generator
                            .generate(elsewhere, 10, () -> false, text -> {})
                            .text())
                    .isEqualTo(other.generator(SamplingOptions.greedy())
                            .generate(elsewhere, 10, () -> false, text -> {})
                            .text());
        }
    }

    @Test
    void refusesPromptsThatDoNotFit() throws IOException {
        try (Demo demo = new Demo(HeadType.STORED, 1)) {
            Generator generator = demo.generator(SAMPLED);
            assertThatThrownBy(() -> generator.generate(new int[257], 1, () -> false, text -> {}))
                    .isInstanceOf(UserError.class)
                    .hasMessage("the prompt has 257 tokens, expected 1 to 256, the context; shorten it");
            assertThatThrownBy(() -> generator.generate(new int[0], 1, () -> false, text -> {}))
                    .hasMessageStartingWith("the prompt has 0 tokens");
        }
    }

    /** The model knows fairy tales only. */
    @Test
    void writesInAForm() throws IOException {
        try (Demo demo = new Demo(HeadType.STORED, 1)) {
            JsonGrammar grammar = JsonGrammar.ofSchema(TokenTexts.of(demo.tokenizer), """
                    {"properties": {"king": {"type": "string", "maxLength": 30}, "age": {"type": "integer", "maximum": 99}},
                     "required": ["king", "age"], "additionalProperties": false}""");
            int[] prompt = demo.encode("There was once a king");
            Answer answer = demo.generator(SAMPLED)
                    .generate(prompt, 200, Optional.of(grammar.constraint()), () -> false, text -> {});
            assertThat(answer.end()).isEqualTo(End.COMPLETE);
            JsonObject written = JsonParser.parseString(answer.text()).getAsJsonObject();
            assertThat(written.keySet()).containsExactlyInAnyOrder("king", "age");
            Answer cut = demo.generator(SAMPLED)
                    .generate(prompt, 3, Optional.of(grammar.constraint()), () -> false, text -> {});
            assertThat(cut.end()).isEqualTo(End.LIMIT);
        }
    }

    @Test
    void saysWhenTheFormHasNoWayOn() throws IOException {
        TokenConstraint none = new TokenConstraint() {
            @Override
            public BitSet allowed() {
                return new BitSet();
            }

            @Override
            public boolean mayEnd() {
                return false;
            }

            @Override
            public void accept(int token) {
                throw new IllegalArgumentException();
            }
        };
        try (Demo demo = new Demo(HeadType.STORED, 1)) {
            Answer answer =
                    demo.generator(SAMPLED).generate(demo.encode("a"), 5, Optional.of(none), () -> false, text -> {});
            assertThat(answer.end()).isEqualTo(End.CUT);
            assertThat(answer.tokens()).isZero();
        }
    }
}
