package io.qk256.llm.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.qk256.llm.LanguageModel;
import io.qk256.llm.generation.GenerationOptions;
import io.qk256.llm.generation.Generator.Answer;
import io.qk256.llm.generation.SamplingOptions;
import io.qk256.llm.grammar.JsonGrammar;
import io.qk256.llm.grammar.TokenTexts;
import io.qk256.llm.model.Engine;
import io.qk256.llm.model.EngineOptions;
import io.qk256.llm.model.Pooling;
import io.qk256.spi.support.UserError;
import io.qk256.testing.JvmCounts;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The scheduler with its thread. */
class SchedulerTest {

    private static LanguageModel model;

    @BeforeAll
    static void load() throws IOException {
        model = Served.demo();
    }

    @AfterAll
    static void close() {
        model.close();
    }

    private static Scheduler start(SchedulerOptions options) {
        return Scheduler.start(model, Served.fastest(), options);
    }

    private static CompletionRequest ask(String text) {
        return CompletionRequest.of(model.tokenizer().encode(text, true, false));
    }

    /** The text is that of a generator, whoever else asks at the same time. */
    @Test
    void answersAreThoseOfAGenerator() {
        List<String> prompts = List.of("Once upon a time", "A wolf", "Once upon a time there was");
        List<Heard> heard = new ArrayList<>();
        SamplingOptions sampling = new SamplingOptions(0.9, 40, 0.95, 0, 1.1, 64, 7);
        try (Scheduler scheduler = start(Served.options(2, 4, 256, 4).withDrain(Duration.ofMinutes(1)))) {
            for (String prompt : prompts) {
                heard.add(new Heard());
                scheduler.submit(ask(prompt).withMaxTokens(40).withSampling(sampling), heard.getLast());
            }
        }
        GenerationOptions options = GenerationOptions.usual().withMaxTokens(40).withSampling(sampling);
        try (Engine engine = model.engine(Served.fastest(), EngineOptions.withThreads(1))) {
            for (int i = 0; i < prompts.size(); i++) {
                Answer answer = model.generate(engine, prompts.get(i), options, text -> {});
                assertThat(heard.get(i).result().text()).isEqualTo(answer.text());
                assertThat(heard.get(i).result().written()).isEqualTo(answer.tokens());
            }
        }
    }

    @Test
    void closedInTheMidstOfWorkItCancelsAndLeavesNothing() {
        List<Heard> heard = new ArrayList<>();
        Scheduler scheduler = start(Served.options(1, 2, 200, 8));
        for (int i = 0; i < 5; i++) {
            heard.add(new Heard());
            scheduler.submit(ask("A wolf").withMaxTokens(190), heard.getLast());
        }
        scheduler.close();
        scheduler.close();
        assertThat(heard)
                .allSatisfy(one -> assertThat(
                                one.end().reason().isInterruption() || one.end().reason() == FinishReason.COMPLETE)
                        .isTrue());
        assertThatIllegalStateException()
                .isThrownBy(() -> scheduler.submit(ask("A wolf"), new Heard()))
                .withMessage("scheduler: it is closed; make another one");
        assertThat(JvmCounts.threads()).doesNotContain("qk256-scheduler");
    }

    @Test
    void timesMayBeAsLongAsWanted() {
        Duration longest = Duration.ofSeconds(Long.MAX_VALUE);
        Heard heard = new Heard();
        try (Scheduler scheduler =
                start(Served.options(1, 2, 200, 8).withDrain(longest).withStall(longest))) {
            scheduler.submit(ask("A wolf").withMaxTokens(3).withTimeout(longest).withQueueTimeout(longest), heard);
        }
        assertThat(heard.end().reason().isInterruption()).isFalse();
    }

    /** What comes before the stop string is no whole object. */
    @Test
    void aStopStringCutsWhatAGrammarAsksFor() {
        JsonGrammar anyObject = JsonGrammar.ofAnyObject(TokenTexts.of(model.tokenizer()));
        Heard heard = new Heard();
        try (Scheduler scheduler = start(Served.options(1, 2, 200, 8).withDrain(Duration.ofMinutes(1)))) {
            CompletionRequest request = ask("A wolf").withMaxTokens(100).withStop(List.of("{"));
            scheduler.submit(request.withConstraint(anyObject.constraint()), heard);
        }
        assertThat(heard.end().reason()).isEqualTo(FinishReason.CUT_BY_GRAMMAR);
        assertThat(heard.end().stopString()).contains("{");
    }

    @Test
    void whatCanNeverBeComputedIsRefusedAtOnce() {
        try (Scheduler scheduler = start(Served.options(1, 2, 64, 8))) {
            assertThatExceptionOfType(UserError.class)
                    .isThrownBy(() -> scheduler.submit(CompletionRequest.of(new int[65]), new Heard()))
                    .withMessage("the prompt has 65 tokens, expected 1 to 64, the context; shorten it");
            assertThatExceptionOfType(UserError.class)
                    .isThrownBy(() -> scheduler.submit(CompletionRequest.of(1, -1), new Heard()))
                    .withMessageStartingWith("token: -1, expected 0 to ");
            SamplingOptions unknown = SamplingOptions.greedy().withLogitBias(Map.of(1 << 20, 1.0));
            assertThatExceptionOfType(UserError.class)
                    .isThrownBy(() -> scheduler.submit(CompletionRequest.of(1).withSampling(unknown), new Heard()))
                    .withMessageStartingWith("token of a bias is 1048576, expected 0 to ");
            assertThatExceptionOfType(UserError.class)
                    .isThrownBy(
                            () -> scheduler.embed(EmbeddingRequest.of(List.of(new int[1], new int[65]), Pooling.MEAN)))
                    .withMessage("text 1 has 65 tokens, expected 1 to 64, the context; shorten it");
            assertThat(scheduler.status().cacheBound()).isPositive();
        }
        assertThatExceptionOfType(UserError.class)
                .isThrownBy(() -> start(Served.options(1, 2, 64, 8).withCacheBytes(1000)))
                .withMessageStartingWith("keys and values may take 1000 bytes, expected at least ");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Served.options(1, 0, 64, 8))
                .withMessage("parallel: 0, expected 1 or more");
        assertThatExceptionOfType(UserError.class).isThrownBy(() -> CompletionRequest.of());
        assertThatExceptionOfType(UserError.class)
                .isThrownBy(() -> CompletionRequest.of(1).withStop(List.of("")))
                .withMessage("a stop string is empty, expected 1 character or more");
    }

    @Test
    void embedsAndCancels() {
        try (Scheduler scheduler = start(Served.options(1, 2, 64, 8).withDrain(Duration.ofMinutes(1)))) {
            List<int[]> texts = List.of(new int[] {300, 301}, new int[] {302});
            float[][] vectors =
                    scheduler.embed(EmbeddingRequest.of(texts, Pooling.LAST)).join();
            try (Engine engine = model.engine(Served.fastest(), EngineOptions.withThreads(1))) {
                assertThat(vectors).isEqualTo(engine.embed(texts, Pooling.LAST));
            }
            assertThat(scheduler
                            .embed(EmbeddingRequest.of(List.of(), Pooling.LAST))
                            .join())
                    .isEmpty();
            Heard heard = new Heard();
            Handle handle = scheduler.submit(ask("A wolf").withMaxTokens(50), heard);
            handle.cancel();
            heard.end();
            assertThat(handle.isDone()).isTrue();
        }
    }
}
