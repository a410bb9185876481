package io.qk256.llm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.qk256.testing.JvmCounts;
import io.qk256.gguf.GgufFile;
import io.qk256.testing.Fixtures;
import io.qk256.spi.Kernel;
import java.lang.foreign.Arena;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Models and sessions begin whole or not at all, and end when nothing works with them, leaving nothing. */
class SessionEndTest {

    private static final ModelConfig SMALL =
            new ModelConfig("bitnet-b1.58", 320, 512, 256, 2, 512, 4, 2, 64, 64, 10_000, 1e-5f, Gate.SQUARED_RELU);

    private static final SessionOptions OPTIONS = new SessionOptions(2, 512, 16, CacheType.F16);
    private static final int[] PROMPT = {3, 1, 4, 1, 5, 9, 2, 6};
    private static final int SESSIONS = 500;

    private final Kernel kernel = Kernels.scalar();
    private final List<Arena> arenas = new ArrayList<>();

    @Test
    void aListenerCannotUseOrCloseItsSession() {
        try (BitNetModel model = SyntheticModel.of(SMALL, HeadType.STORED, 1);
                Session session = model.session(kernel, OPTIONS)) {
            AtomicInteger heard = new AtomicInteger();
            session.prompt(PROMPT, (i, logits) -> {
                everyCall(session).forEach(SessionEndTest::assertUnderWay);
                assertUnderWay(session::close);
                heard.incrementAndGet();
            });
            assertThat(heard).hasValue(PROMPT.length);
            assertThat(session.position()).isEqualTo(PROMPT.length);
            session.decode(7);
        }
    }

    @Test
    void norCanAnotherThread() {
        try (BitNetModel model = SyntheticModel.of(SMALL, HeadType.STORED, 1);
                Session session = model.session(kernel, OPTIONS)) {
            AtomicInteger refused = new AtomicInteger();
            session.prompt(
                    new int[] {1},
                    (i, logits) -> inThread(() -> {
                        everyCall(session).forEach(SessionEndTest::assertUnderWay);
                        assertUnderWay(session::close);
                        refused.incrementAndGet();
                    }));
            assertThat(refused).hasValue(1);
        }
    }

    @Test
    void afterAFailingListenerTheSessionIsUsable() {
        try (BitNetModel model = SyntheticModel.of(SMALL, HeadType.STORED, 1);
                Session session = model.session(kernel, OPTIONS)) {
            assertThatExceptionOfType(UnsupportedOperationException.class)
                    .isThrownBy(() -> session.prompt(PROMPT, (i, logits) -> {
                        throw new UnsupportedOperationException();
                    }));
            session.rewind(0);
            session.prompt(PROMPT);
        }
    }

    @Test
    void aClosedSessionSaysSo() {
        try (BitNetModel model = SyntheticModel.of(SMALL, HeadType.STORED, 1)) {
            Session session = model.session(kernel, OPTIONS);
            session.prompt(PROMPT);
            session.close();
            session.close();
            everyCall(session)
                    .forEach(call -> assertThatIllegalStateException()
                            .isThrownBy(call)
                            .withMessage("session: it is closed; make another one"));
        }
    }

    @Test
    void aModelIsNotClosedUnderItsSessions() {
        BitNetModel model = SyntheticModel.of(SMALL, HeadType.STORED, 1);
        Session one = model.session(kernel, OPTIONS);
        Session other = model.session(kernel, OPTIONS);
        assertThatIllegalStateException()
                .isThrownBy(model::close)
                .withMessage("model: 2 sessions are open; close first what reads its weights");
        other.close();
        other.close();
        assertThatIllegalStateException()
                .isThrownBy(model::close)
                .withMessage("model: 1 session is open; close first what reads its weights");
        one.prompt(PROMPT);
        one.close();
        model.close();
        model.close();
        assertThatIllegalStateException()
                .isThrownBy(() -> model.session(kernel, OPTIONS))
                .withMessage("model: it is closed; load it again");
    }

    @Test
    void batchesThatNoArrayHoldsAreRefused() {
        try (BitNetModel model = SyntheticModel.of(SMALL, HeadType.STORED, 1)) {
            SessionOptions huge = new SessionOptions(1, Integer.MAX_VALUE, Integer.MAX_VALUE, CacheType.F16);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> model.session(kernel, huge))
                    .withMessage("batch: 2147483647 tokens, expected at most 4194303 for a model with 512 values for a"
                            + " token");
        }
    }

    /** The memory of the first buffers is taken by then, and the threads are there. */
    @Test
    @SuppressWarnings("MustBeClosedChecker") // The session is to close its arena.
    void aSessionThatCannotBeMadeLeavesNothing() {
        try (Arena weights = Arena.ofShared()) {
            RmsNorm norm = new RmsNorm(new float[SMALL.width()], 1e-5f);
            Weights broken = new Weights(SMALL, halves(weights), new NoMemory(), norm, halves(weights));
            Reductions sums = new PlainReductions();
            OutputHead head = Heads.of(HeadType.STORED, sums, broken.output(), weights);
            Arena arena = Arena.ofShared();
            assertThatExceptionOfType(OutOfMemoryError.class)
                    .isThrownBy(() -> new Session(arena, broken, sums, head, kernel, OPTIONS, () -> {}));
            assertThat(arena.scope().isAlive()).isFalse();
            assertThat(JvmCounts.threads()).doesNotContain("qk256-1");
        }
    }

    @Test
    void aModelIsClosedAfterASessionThatCouldNotBeMade() {
        BitNetModel model = SyntheticModel.of(SMALL, HeadType.STORED, 1);
        SessionOptions tooMany = new SessionOptions(Integer.MAX_VALUE, 0, 1, CacheType.F16);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> model.session(kernel, tooMany))
                .withMessage("threads: 2147483647, expected 1 to 9999");
        model.close();
    }

    @ParameterizedTest
    @EnumSource
    @SuppressWarnings("MustBeClosedChecker") // The model is to close its arena.
    void aModelThatCannotBeLoadedLeavesNothing(HeadType head) throws Exception {
        GgufFile file = Fixtures.demo();
        Arena arena = Arena.ofShared();
        assertThatExceptionOfType(StackOverflowError.class)
                .isThrownBy(() -> BitNetModel.load(
                        file,
                        head,
                        (done, total) -> {
                            throw new StackOverflowError();
                        },
                        arena));
        assertThat(arena.scope().isAlive()).isFalse();
        assertThat(JvmCounts.threads()).noneMatch(name -> name.startsWith("qk256-files"));
    }

    /** One that stayed would keep 70 KB of the heap, and its keys and values. */
    @Test
    void sessionsLeaveNothing() {
        try (BitNetModel model = SyntheticModel.of(SMALL, HeadType.INT8, 1);
                BitNetModel stored = SyntheticModel.of(SMALL, HeadType.STORED, 1)) {
            talk(model);
            talk(stored);
            long heap = JvmCounts.heapBytes();
            for (int i = 0; i < SESSIONS; i++) {
                talk(i % 2 == 0 ? model : stored);
            }
            assertThat(JvmCounts.heapBytes() - heap).isLessThan(SESSIONS * 20_000);
            assertThat(arenas)
                    .hasSizeGreaterThan(SESSIONS)
                    .allMatch(arena -> !arena.scope().isAlive());
            assertThat(JvmCounts.threads()).doesNotContain("qk256-1");
        }
    }

    @SuppressWarnings("MustBeClosedChecker") // The session is to close its arena.
    private void talk(BitNetModel model) {
        Arena arena = Arena.ofShared();
        arenas.add(arena);
        try (Session session = model.session(kernel, OPTIONS, arena)) {
            session.prompt(PROMPT);
            session.decode(1);
        }
    }

    private static DenseMatrix halves(Arena arena) {
        return DenseMatrix.ofHalves(
                arena.allocate(2L * SMALL.vocabulary() * SMALL.width(), 64), SMALL.vocabulary(), SMALL.width());
    }

    private static List<ThrowingCallable> everyCall(Session session) {
        return List.of(
                () -> session.decode(1),
                () -> session.prompt(PROMPT),
                () -> session.prompt(PROMPT, (i, logits) -> {}),
                () -> session.rewind(0));
    }

    private static void assertUnderWay(ThrowingCallable call) {
        assertThatIllegalStateException().isThrownBy(call).withMessageStartingWith("session: a call is under way");
    }

    private static void inThread(Runnable work) {
        Thread thread = Thread.ofPlatform().start(work);
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** The layers of a model in a JVM whose memory ends. */
    private static final class NoMemory extends AbstractList<Layer> {

        @Override
        public Layer get(int index) {
            throw new OutOfMemoryError("the test's");
        }

        @Override
        public int size() {
            return SMALL.layers();
        }
    }
}
