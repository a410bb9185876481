package io.qk256.llm.serving;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.qk256.llm.LanguageModel;
import io.qk256.llm.generation.GenerationOptions.WhenFull;
import io.qk256.llm.generation.SamplingOptions;
import io.qk256.llm.generation.TokenConstraint;
import io.qk256.llm.model.CacheType;
import io.qk256.llm.model.NotFiniteException;
import io.qk256.llm.model.Pooling;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256Matrix;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Rounds that the test makes one by one, so that nothing depends on time. */
class PassesTest {

    private static LanguageModel model;
    private static Kernel kernel;

    @BeforeAll
    static void load() throws IOException {
        model = Served.demo();
        kernel = Served.fastest();
    }

    @AfterAll
    static void close() {
        model.close();
    }

    private static Served served(int parallel, int context, int piece) {
        return new Served(model, kernel, Served.options(1, parallel, context, piece));
    }

    private static CompletionRequest tokens(int count, int most) {
        int[] prompt = new int[count];
        Arrays.setAll(prompt, i -> 300 + i % 50);
        return CompletionRequest.of(prompt).withMaxTokens(most).withSampling(endless());
    }

    /** Does not choose the token that ends a text. */
    private static SamplingOptions endless() {
        return SamplingOptions.greedy().withLogitBias(Map.of(model.tokenizer().endOfText(), -100.0));
    }

    @Test
    void aCancelledRequestGetsNoFurtherToken() {
        try (Served served = served(4, 256, 8)) {
            Heard writing = new Heard();
            Heard inPrompt = new Heard();
            Completion first = served.submit(tokens(3, 100), writing);
            Completion second = served.submit(tokens(100, 100), inPrompt);
            for (int i = 0; i < 5; i++) {
                served.round();
            }
            assertThat(first.tokens()).isEqualTo(5);
            first.cancel();
            second.cancel();
            served.round();
            assertThat(first.isDone() && second.isDone()).isTrue();
            assertThat(writing.end().reason()).isEqualTo(FinishReason.CANCELLED);
            assertThat(writing.end().usage()).isEqualTo(new Usage(3, 0, 5, 0));
            assertThat(inPrompt.end().usage().completionTokens()).isZero();
            assertThat(served.passes.isIdle()).isTrue();
        }
    }

    @Test
    void aWaitingRequestCanBeCancelledOrTimeOut() {
        try (Served served = served(1, 256, 8)) {
            Heard running = new Heard();
            Heard cancelled = new Heard();
            Heard inQueue = new Heard();
            Heard late = new Heard();
            served.submit(tokens(3, 20), running);
            served.submit(tokens(3, 20), cancelled).cancel();
            served.submit(tokens(3, 20).withQueueTimeout(Duration.ofSeconds(1)), inQueue);
            served.submit(tokens(3, 200).withTimeout(Duration.ofSeconds(5)), late);
            served.round();
            assertThat(cancelled.end().reason()).isEqualTo(FinishReason.CANCELLED);
            served.nanos.set(Duration.ofSeconds(2).toNanos());
            served.round();
            assertThat(inQueue.end().reason()).isEqualTo(FinishReason.TIMEOUT);
            assertThat(inQueue.end().total()).isEqualTo(Duration.ofSeconds(2));
            for (int i = 0; i < 30; i++) {
                served.round();
            }
            assertThat(running.end().reason()).isEqualTo(FinishReason.LIMIT);
            served.nanos.set(Duration.ofSeconds(6).toNanos());
            served.round();
            assertThat(late.end().reason()).isEqualTo(FinishReason.TIMEOUT);
            assertThat(late.end().usage().completionTokens()).isPositive();
        }
    }

    /** Also if no place is left at all, and if the context is too short to forget anything. */
    @Test
    void promptAndCompletionFitInTheContext() {
        for (int context : new int[] {7, 8}) {
            try (Served served = served(4, context, 8)) {
                for (int prompt = 1; prompt <= context; prompt++) {
                    for (WhenFull whenFull : context == 7 ? WhenFull.values() : new WhenFull[] {WhenFull.STOP}) {
                        Heard heard = new Heard();
                        served.submit(tokens(prompt, 100).withWhenFull(whenFull), heard);
                        served.finish();
                        assertThat(heard.end().reason()).isEqualTo(FinishReason.CONTEXT);
                        assertThat(heard.end().usage().totalTokens()).isEqualTo(context);
                    }
                }
            }
        }
    }

    @Test
    void aFullQueueRefusesAndSaysWhenToTryAgain() {
        SchedulerOptions options = Served.options(1, 2, 64, 8).withQueue(1);
        try (Served served = new Served(model, kernel, options)) {
            List<Heard> heard = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                heard.add(new Heard());
                served.submit(tokens(3, 4), heard.getLast());
            }
            served.round();
            assertThat(served.passes.status().running()).isEqualTo(2);
            assertThat(served.passes.status().waiting()).isEqualTo(1);
            assertThatExceptionOfType(QueueFullException.class)
                    .isThrownBy(() -> served.submit(tokens(3, 4), new Heard()))
                    .withMessage("the queue is full: 1 request waits; try again in about 1 s")
                    .matches(full -> full.retryAfter().equals(Duration.ofSeconds(1)));
            served.nanos.set(Duration.ofSeconds(30).toNanos());
            served.finish();
            heard.forEach(one -> assertThat(one.end().reason()).isEqualTo(FinishReason.LIMIT));
            for (int i = 0; i < 3; i++) {
                served.submit(tokens(3, 4), new Heard());
            }
            assertThatExceptionOfType(QueueFullException.class)
                    .isThrownBy(() -> served.submit(tokens(3, 4), new Heard()))
                    .withMessageContaining("try again in about 15 s");
            assertThat(served.passes.status().refused()).isEqualTo(2);
        }
    }

    /** Whoever has an answer may ask again at once. */
    @Test
    void aPlaceIsFreeBeforeTheAnswerIsTold() throws InterruptedException {
        SchedulerOptions options = Served.options(1, 1, 64, 8).withQueue(0);
        try (Served served = new Served(model, kernel, options)) {
            for (int i = 0; i < 300; i++) {
                CountDownLatch told = new CountDownLatch(1);
                AtomicReference<Throwable> refused = new AtomicReference<>();
                served.submit(tokens(3, 1), new Heard() {
                    @Override
                    public synchronized void finished(CompletionEnd end) {
                        try {
                            served.submit(tokens(3, 1), new Heard()).cancel();
                        } catch (QueueFullException e) {
                            refused.set(e);
                        }
                        told.countDown();
                    }
                });
                served.finish();
                told.await();
                served.finish();
                assertThat(refused.get()).isNull();
            }
        }
    }

    @Test
    void aQueueMayBeAsLongAsWanted() {
        SchedulerOptions options = Served.options(1, 2, 64, 8).withQueue(Integer.MAX_VALUE);
        try (Served served = new Served(model, kernel, options)) {
            Heard heard = new Heard();
            served.submit(tokens(3, 2).withTimeout(Duration.ofSeconds(Long.MAX_VALUE)), heard);
            served.finish();
            assertThat(heard.end().reason()).isEqualTo(FinishReason.LIMIT);
        }
    }

    /** While a long prompt is computed, others write a token in each pass, and a short prompt gets its turn. */
    @Test
    void nobodyWaitsForALongPrompt() {
        try (Served served = served(4, 256, 8)) {
            Completion writing = served.submit(tokens(2, 200), new Heard());
            served.round();
            Completion longOne = served.submit(tokens(200, 5), new Heard());
            served.round();
            Completion shortOne =
                    served.submit(CompletionRequest.of(9, 8, 7, 6, 5, 4).withMaxTokens(5), new Heard());
            served.round();
            assertThat(shortOne.tokens()).as("its turn is next").isEqualTo(1);
            for (int i = 0; i < 10; i++) {
                served.round();
            }
            assertThat(writing.tokens()).as("one in each round").isEqualTo(13);
            assertThat(longOne.tokens()).isZero();
            SchedulerStatus status = served.passes.status();
            assertThat(status.batch().sum()).isGreaterThan((double) status.passes());
        }
    }

    @Test
    void keysTakeTurns() {
        try (Served served = served(1, 256, 64)) {
            List<Completion> greedy = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                greedy.add(served.submit(tokens(3, 1).withKey("greedy"), new Heard()));
            }
            Completion modest = served.submit(tokens(3, 1).withKey("modest"), new Heard());
            served.round();
            served.round();
            assertThat(modest.isDone()).as("after one request of the other").isTrue();
            assertThat(greedy.stream().filter(Completion::isDone)).containsExactly(greedy.getFirst());
            served.finish();
        }
    }

    /** Two keys share the pieces of prompts equally, though one has three prompts. */
    @Test
    void promptsTakeTurnsByKey() {
        try (Served served = served(4, 256, 10)) {
            List<Completion> greedy = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                int[] prompt = new int[200];
                Arrays.fill(prompt, 400 + i);
                greedy.add(served.submit(
                        CompletionRequest.of(prompt).withMaxTokens(1).withKey("greedy"), new Heard()));
            }
            Completion modest = served.submit(tokens(100, 1).withKey("modest"), new Heard());
            for (int i = 0; i < 20; i++) {
                served.round();
            }
            assertThat(modest.isDone()).isTrue();
            assertThat(greedy).noneMatch(Completion::isDone);
            greedy.forEach(Completion::cancel);
            served.finish();
        }
    }

    @Test
    void aListenerThatThrowsEndsOnlyItsRequest() {
        try (Served served = served(4, 256, 8)) {
            Heard other = new Heard();
            Heard broken = new Heard() {
                @Override
                public void text(TextPiece piece) {
                    throw new UnsupportedOperationException("the test's");
                }
            };
            served.submit(tokens(3, 100), broken);
            served.submit(tokens(3, 100), other);
            served.finish();
            assertThat(broken.failure()).hasMessage("the test's");
            assertThat(other.result()).isEqualTo(Served.alone(model, kernel, 256, tokens(3, 100)));
            assertThat(served.passes.status().failed()).isEqualTo(1);
        }
    }

    @Test
    void aListenerThatNeverReturnsIsPausedThenEnded() throws InterruptedException {
        CountDownLatch interrupted = new CountDownLatch(1);
        try (Served served = served(2, 256, 8)) {
            Heard stuck = new Heard() {
                @Override
                public void text(TextPiece piece) {
                    try {
                        new CountDownLatch(1).await();
                    } catch (InterruptedException e) {
                        interrupted.countDown();
                    }
                }
            };
            Completion paused = served.submit(tokens(3, 200), stuck);
            Heard other = new Heard();
            Completion read = served.submit(tokens(3, 200), other);
            while (!read.isDone()) { // It is paused, too, whenever its listener lags behind.
                served.round();
            }
            assertThat(other.end().reason()).isEqualTo(FinishReason.LIMIT);
            assertThat(paused.tokens()).isBetween(Delivery.CAPACITY, 2 * Delivery.CAPACITY);
            assertThat(paused.isDone()).isFalse();
            served.nanos.addAndGet(Duration.ofSeconds(61).toNanos());
            served.finish();
            interrupted.await();
            assertThat(paused.isDone()).isTrue();
            assertThat(served.passes.status().finished()).containsEntry(FinishReason.NOT_READ, 1L);
        }
    }

    /** One sequence has a value that is not finite; the others get the same as alone. */
    @Test
    void aSequenceThatIsNotFiniteFailsAlone() {
        int poison = 333;
        Poisoned poisoned = new Poisoned(kernel);
        try (Served learning = new Served(model, poisoned, Served.options(1, 1, 64, 8))) {
            learning.submit(CompletionRequest.of(poison).withMaxTokens(1), new Heard());
            learning.finish();
        }
        poisoned.act = true;
        try (Served served = new Served(model, poisoned, Served.options(2, 4, 64, 8))) {
            List<CompletionRequest> requests = List.of(
                    tokens(3, 12),
                    tokens(20, 12),
                    CompletionRequest.of(poison, 5, 6).withMaxTokens(12));
            List<Heard> heard = new ArrayList<>();
            for (CompletionRequest request : requests) {
                heard.add(new Heard());
                served.submit(request, heard.getLast());
                served.round();
            }
            served.finish();
            assertThat(heard.getLast().failure()).isInstanceOf(NotFiniteException.class);
            for (int i = 0; i < 2; i++) {
                assertThat(heard.get(i).result()).isEqualTo(Served.alone(model, kernel, 64, requests.get(i)));
            }
        }
    }

    /** Gives NaN for operands that it was shown first: those of a token at the beginning of a text. */
    private static final class Poisoned extends Kernel {

        private final Kernel inner;
        private byte[] codes = {};
        private boolean act;

        Poisoned(Kernel inner) {
            this.inner = inner;
        }

        @Override
        protected void dequantizeRows(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {
            inner.dequantize(w, fromRow, toRow, out);
        }

        @Override
        protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
            inner.gemv(w, x, fromRow, toRow, y);
        }

        @Override
        protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
            byte[] seen = x.segment().toArray(JAVA_BYTE);
            if (!act && codes.length == 0) {
                codes = seen;
            }
            inner.gemv(w, x, fromRow, toRow, y);
            if (act && Arrays.equals(codes, seen)) {
                for (int row = fromRow; row < toRow; row++) {
                    y.set(row, Float.NaN);
                }
            }
        }
    }

    @Test
    void aConstraintThatThrowsOrAllowsNothingEndsOnlyItsRequest() {
        try (Served served = served(4, 256, 8)) {
            Heard thrown = new Heard();
            Heard stuck = new Heard();
            Heard ended = new Heard();
            served.submit(tokens(3, 9).withConstraint(constraint(null, false)), thrown);
            served.submit(tokens(3, 9).withConstraint(constraint(new BitSet(), false)), stuck);
            served.submit(tokens(3, 9).withConstraint(constraint(new BitSet(), true)), ended);
            served.finish();
            assertThat(thrown.failure()).isInstanceOf(StackOverflowError.class);
            assertThat(stuck.end().reason()).isEqualTo(FinishReason.CUT_BY_GRAMMAR);
            assertThat(ended.end().reason()).isEqualTo(FinishReason.COMPLETE);
        }
    }

    private static TokenConstraint constraint(@Nullable BitSet allowed, boolean mayEnd) {
        return new TokenConstraint() {
            @Override
            public BitSet allowed() {
                if (allowed == null) {
                    throw new StackOverflowError("the test's");
                }
                return allowed;
            }

            @Override
            public boolean mayEnd() {
                return mayEnd;
            }

            @Override
            public void accept(int token) {
                throw new IllegalArgumentException("token " + token);
            }
        };
    }

    /** Memory for three requests, though eight may run at once. */
    @Test
    void memoryIsBoundedAndNothingLeaks() {
        try (Served probe = served(1, 64, 8)) {
            long bound = 3 * probe.engine.cacheBytesOf(64);
            SchedulerOptions options = new SchedulerOptions(
                    1, 8, 64, 16, 600, bound, CacheType.F16, Duration.ZERO, Duration.ofSeconds(60));
            try (Served served = new Served(model, kernel, options)) {
                List<Heard> heard = new ArrayList<>();
                for (int i = 0; i < 500; i++) {
                    heard.add(new Heard());
                    int[] prompt = new int[1 + i % 60];
                    Arrays.fill(prompt, 300 + i % 9);
                    Completion completion = served.submit(
                            CompletionRequest.of(prompt)
                                    .withMaxTokens(1 + i % 3)
                                    .withSampling(new SamplingOptions(1, 0, 1, 0, 1, 0, i)),
                            heard.getLast());
                    if (i % 7 == 0) {
                        completion.cancel();
                    }
                }
                served.finish();
                heard.forEach(Heard::end);
                assertThat(served.engine.cacheBytes()).isBetween(1L, bound);
                while (served.passes.dropPrefix()) {}
                assertThat(served.engine.cacheBytes()).isZero();
                assertThat(served.engine.toString()).endsWith("0 sequences");
            }
        }
    }

    @Test
    void aCommonBeginningIsComputedOnce() {
        try (Served served = served(2, 600, 64)) {
            served.submit(tokens(500, 3), new Heard());
            served.finish();
            long computed = served.passes.status().promptTokens();
            Heard again = new Heard();
            served.submit(tokens(510, 3), again);
            served.finish();
            assertThat(computed).isEqualTo(500);
            assertThat(served.passes.status().promptTokens() - computed).isEqualTo(10);
            assertThat(again.end().usage().reusedTokens()).isEqualTo(500);

            Heard one = new Heard();
            Heard other = new Heard();
            int[] prompt = new int[300];
            Arrays.fill(prompt, 77);
            served.submit(CompletionRequest.of(prompt).withMaxTokens(2), one);
            served.submit(CompletionRequest.of(prompt).withMaxTokens(2), other);
            served.finish();
            int reused = one.end().usage().reusedTokens() + other.end().usage().reusedTokens();
            assertThat(reused).as("of two that run at once").isGreaterThan(250);
            assertThat(one.result()).isEqualTo(other.result());
        }
    }

    @Test
    void embeddingsAreComputedBetweenPasses() {
        try (Served served = served(2, 256, 8)) {
            Heard heard = new Heard();
            served.submit(tokens(3, 30), heard);
            List<int[]> texts = List.of(new int[] {300, 301}, new int[20], new int[] {302});
            Embedding embedding =
                    new Embedding(new EmbeddingRequest(texts, Pooling.MEAN, Duration.ofSeconds(1), ""), 0);
            served.passes.add(embedding, embedding.longest());
            served.finish();
            float[][] vectors = embedding.future().join();
            assertThat(vectors).isEqualTo(served.engine.embed(texts, Pooling.MEAN));
            assertThat(heard.result()).isEqualTo(Served.alone(model, kernel, 256, tokens(3, 30)));
            assertThat(served.passes.status().embeddedTokens()).isEqualTo(23);

            Embedding late = new Embedding(embedding.request(), 0);
            served.passes.add(late, late.longest());
            served.nanos.set(Duration.ofSeconds(2).toNanos());
            served.round();
            assertThatExceptionOfType(CompletionException.class)
                    .isThrownBy(late.future()::join)
                    .withCauseInstanceOf(TimeoutException.class);
        }
    }

    /** Who writes gets a token for each piece of somebody else's long text. */
    @Test
    void aLongTextIsEmbeddedInPieces() {
        try (Served served = served(2, 256, 8)) {
            Completion writing = served.submit(tokens(3, 100), new Heard());
            served.round();
            int[] text = new int[200];
            Arrays.setAll(text, i -> 300 + i % 50);
            EmbeddingRequest request = new EmbeddingRequest(List.of(text, text), Pooling.MEAN, Duration.ZERO, "");
            Embedding embedding = new Embedding(request, 0);
            served.passes.add(embedding, embedding.longest());
            for (int round = 1; round <= 20; round++) {
                int before = writing.tokens();
                served.round();
                assertThat(served.passes.status().embeddedTokens()).isEqualTo(8L * round);
                assertThat(writing.tokens()).isEqualTo(before + 1);
            }
            assertThat(served.engine.cacheBytes()).isEqualTo(2 * served.engine.cacheBytesOf(200));
            embedding.future().cancel(false);
            served.round();
            assertThat(served.engine.cacheBytes()).isEqualTo(served.engine.cacheBytesOf(200));

            Embedding again = new Embedding(request, 0);
            served.passes.add(again, again.longest());
            served.finish();
            float[][] vectors = again.future().join();
            assertThat(vectors).isEqualTo(served.engine.embed(List.of(text, text), Pooling.MEAN));
        }
    }
}
