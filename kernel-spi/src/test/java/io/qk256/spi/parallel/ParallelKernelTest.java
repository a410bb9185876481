package io.qk256.spi.parallel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Operation;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableMap;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = ThreadMode.SEPARATE_THREAD)
class ParallelKernelTest {

    /** So wide that four rows make a part. */
    private static final int COLS = 8192;

    private static final Kernel SUMS = new SumKernel();

    static Stream<Integer> threads() {
        return IntStream.rangeClosed(1, 8).boxed();
    }

    @ParameterizedTest
    @MethodSource("threads")
    void resultsHaveTheSameBitsForAnyNumberOfThreads(int threads) {
        try (ParallelKernel kernel = ParallelKernel.withThreads(SUMS, threads)) {
            everyOperationGivesWhatTheKernelGives(kernel);
        }
    }

    @ParameterizedTest
    @MethodSource("threads")
    void anExecutorsThreadsServeAsWell(int threads) {
        try (ExecutorService executor = Executors.newFixedThreadPool(2)) {
            everyOperationGivesWhatTheKernelGives(ParallelKernel.over(SUMS, executor, threads));
        }
    }

    private static void everyOperationGivesWhatTheKernelGives(Kernel kernel) {
        for (int rows : new int[] {1, 4, 5, 37, 130}) {
            ParallelProblem p = ParallelProblem.of(rows, COLS, Arena.ofAuto());
            for (Operation operation : Operation.values()) {
                int from = rows / 3;
                int to = rows - rows / 10;
                assertThat(p.run(operation, kernel, 0, rows)).isEqualTo(p.run(operation, SUMS, 0, rows));
                assertThat(p.run(operation, kernel, from, to)).isEqualTo(p.run(operation, SUMS, from, to));
            }
        }
    }

    @Test
    void partsAreMultiplesOfFourRowsAndCoverTheRange() {
        Set<Integer> starts = ConcurrentHashMap.newKeySet();
        AtomicInteger rows = new AtomicInteger();
        Kernel watched = new SumKernel() {
            @Override
            protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
                starts.add(fromRow);
                rows.addAndGet(toRow - fromRow);
            }
        };
        try (ParallelKernel kernel = ParallelKernel.withThreads(watched, 3)) {
            ParallelProblem.of(39, COLS, Arena.ofAuto()).run(Operation.GEMV_I8, kernel, 1, 38);
        }
        assertThat(starts).hasSizeGreaterThan(3).allMatch(start -> start % 4 == 1);
        assertThat(rows).hasValue(37);
    }

    /** A part that is taken last is so small that no thread waits long for it. */
    @Test
    void partsBecomeSmallerTowardsTheEnd() {
        NavigableMap<Integer, Integer> rowsByStart = new ConcurrentSkipListMap<>();
        Kernel watched = new SumKernel() {
            @Override
            protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
                rowsByStart.put(fromRow, toRow - fromRow);
            }
        };
        try (ParallelKernel kernel = ParallelKernel.withThreads(watched, 2)) {
            ParallelProblem.of(512, COLS, Arena.ofAuto()).run(Operation.GEMV_I8, kernel, 0, 512);
        }
        List<Integer> rows = List.copyOf(rowsByStart.values());
        assertThat(rows).isSortedAccordingTo(Comparator.reverseOrder());
        assertThat(rows.getFirst()).isEqualTo(64);
        assertThat(rows.getLast()).isLessThanOrEqualTo(8);
        assertThat(rows.stream().mapToInt(Integer::intValue).sum()).isEqualTo(512);
    }

    @Test
    void aSmallMatrixStaysWithTheCaller() {
        Set<Thread> seen = ConcurrentHashMap.newKeySet();
        try (ParallelKernel kernel = ParallelKernel.withThreads(watching(seen), 4)) {
            for (int i = 0; i < 100; i++) {
                ParallelProblem.of(8, 256, Arena.ofAuto()).run(Operation.GEMV_I8, kernel, 0, 8);
            }
        }
        assertThat(seen).containsExactly(Thread.currentThread());
    }

    /** Each part waits for a second thread, so this ends only if two threads work at once. */
    @Test
    void theCallerWorksWithTheOthers() {
        Set<Thread> seen = ConcurrentHashMap.newKeySet();
        Kernel meeting = new SumKernel() {
            @Override
            protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
                seen.add(Thread.currentThread());
                while (seen.size() < 2) {
                    Thread.onSpinWait();
                }
            }
        };
        try (ParallelKernel kernel = ParallelKernel.withThreads(meeting, 2)) {
            ParallelProblem.of(64, COLS, Arena.ofAuto()).run(Operation.GEMV_I8, kernel, 0, 64);
        }
        assertThat(seen).hasSize(2).contains(Thread.currentThread());
    }

    @Test
    void sleepingThreadsAreWokenAgain() throws InterruptedException {
        try (ParallelKernel kernel = ParallelKernel.withThreads(SUMS, 3)) {
            for (int i = 0; i < 20; i++) {
                everyOperationGivesWhatTheKernelGives(kernel);
                Thread.sleep(2);
            }
        }
    }

    @Test
    void whatAPartThrowsReachesTheCallerAfterTheOthersAreDone() {
        AtomicInteger under = new AtomicInteger();
        AtomicInteger parts = new AtomicInteger();
        Kernel failing = new SumKernel() {
            @Override
            protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
                under.incrementAndGet();
                parts.incrementAndGet();
                try {
                    if (fromRow == 8) {
                        throw new UnsupportedOperationException("row 8");
                    }
                    super.gemvI8Rows(w, x, fromRow, toRow, y);
                } finally {
                    under.decrementAndGet();
                }
            }
        };
        ParallelProblem p = ParallelProblem.of(64, COLS, Arena.ofAuto());
        try (ParallelKernel kernel = ParallelKernel.withThreads(failing, 3)) {
            for (int i = 0; i < 50; i++) {
                assertThatThrownBy(() -> p.run(Operation.GEMV_I8, kernel, 0, 64))
                        .isInstanceOf(UnsupportedOperationException.class)
                        .hasMessage("row 8");
                assertThat(under).hasValue(0);
                assertThat(p.run(Operation.GEMV_F32, kernel, 0, 64))
                        .as("a call after the failure")
                        .isEqualTo(p.run(Operation.GEMV_F32, SUMS, 0, 64));
            }
        }
        assertThat(parts).hasValueGreaterThan(50);
    }

    @Test
    void anExecutorThatRejectsIsAnError() {
        ParallelKernel kernel = ParallelKernel.over(
                SUMS,
                task -> {
                    throw new RejectedExecutionException("full");
                },
                4);
        ParallelProblem p = ParallelProblem.of(64, COLS, Arena.ofAuto());
        assertThatExceptionOfType(RejectedExecutionException.class)
                .isThrownBy(() -> p.run(Operation.GEMV_I8, kernel, 0, 64))
                .withMessage("full");
    }

    @Test
    void tasksThatNeverStartAreNotWaitedFor() {
        ParallelKernel kernel = ParallelKernel.over(SUMS, task -> {}, 4);
        ParallelProblem p = ParallelProblem.of(64, COLS, Arena.ofAuto());
        assertThat(p.run(Operation.GEMV_I8, kernel, 0, 64)).isEqualTo(p.run(Operation.GEMV_I8, SUMS, 0, 64));
    }

    @ParameterizedTest
    @EnumSource
    void confinedMemoryIsRefused(Operation operation) {
        Thread owner = Thread.currentThread();
        CountDownLatch tried = new CountDownLatch(1);
        Kernel waiting = new SumKernel() {
            @Override
            void before() {
                if (Thread.currentThread() == owner) {
                    join(tried);
                }
            }
        };
        Executor executor = task -> Thread.ofPlatform().name("other").start(() -> {
            task.run();
            tried.countDown();
        });
        try (Arena arena = Arena.ofConfined()) {
            ParallelKernel kernel = ParallelKernel.over(waiting, executor, 2);
            ParallelProblem p = ParallelProblem.of(64, COLS, arena);
            assertThatExceptionOfType(WrongThreadException.class)
                    .isThrownBy(() -> p.run(operation, kernel, 0, 64))
                    .withMessageContaining("its confined arena belongs to a thread other than other")
                    .withMessageEndingWith("; use a shared arena");
        }
    }

    @Test
    void anInterruptStaysPendingAndEndsNothing() {
        ParallelProblem p = ParallelProblem.of(130, COLS, Arena.ofAuto());
        float[] expected = p.run(Operation.GEMM_I8, SUMS, 0, 130);
        try (ParallelKernel kernel = ParallelKernel.withThreads(SUMS, 3)) {
            Thread.currentThread().interrupt();
            assertThat(p.run(Operation.GEMM_I8, kernel, 0, 130)).isEqualTo(expected);
            assertThat(Thread.currentThread().isInterrupted()).isTrue();
        } finally {
            assertThat(Thread.interrupted()).as("after close").isTrue();
        }
    }

    @Test
    void aCallWithinACallIsDoneByItsThread() {
        ParallelProblem inner = ParallelProblem.of(64, COLS, Arena.ofAuto());
        float[] expected = inner.run(Operation.GEMV_F32, SUMS, 0, 64);
        ParallelKernel[] itself = new ParallelKernel[1];
        Kernel nesting = new SumKernel() {
            @Override
            protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
                assertThat(inner.run(Operation.GEMV_F32, itself[0], 0, 64)).isEqualTo(expected);
            }
        };
        try (ParallelKernel kernel = ParallelKernel.withThreads(nesting, 3)) {
            itself[0] = kernel;
            ParallelProblem.of(64, COLS, Arena.ofAuto()).run(Operation.GEMV_I8, kernel, 0, 64);
        }
    }

    @Test
    void callsOfManyThreadsTakeTurns() {
        ParallelProblem p = ParallelProblem.of(64, COLS, Arena.ofAuto());
        float[] expected = p.run(Operation.GEMV_I8, SUMS, 0, 64);
        try (ParallelKernel kernel = ParallelKernel.withThreads(SUMS, 3)) {
            boolean same = IntStream.range(0, 200)
                    .parallel()
                    .allMatch(i -> Arrays.equals(p.run(Operation.GEMV_I8, kernel, 0, 64), expected));
            assertThat(same).isTrue();
        }
    }

    @Test
    void closeLeavesNoThread() {
        Set<Thread> seen = ConcurrentHashMap.newKeySet();
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        ParallelKernel kernel = ParallelKernel.withThreads(watching(seen), 5);
        ParallelProblem.of(130, COLS, Arena.ofAuto()).run(Operation.GEMV_I8, kernel, 0, 130);
        assertThat(Thread.getAllStackTraces().keySet())
                .filteredOn(
                        thread -> !before.contains(thread) && thread.getName().startsWith("qk256-"))
                .hasSize(4)
                .allMatch(Thread::isDaemon);
        kernel.close();
        kernel.close();
        assertThat(Thread.getAllStackTraces().keySet())
                .filteredOn(
                        thread -> !before.contains(thread) && thread.getName().startsWith("qk256-"))
                .isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void useAfterCloseIsRefused(Operation operation) {
        ParallelKernel own = ParallelKernel.withThreads(SUMS, 2);
        ParallelKernel borrowed = ParallelKernel.over(SUMS, Runnable::run, 2);
        own.close();
        borrowed.close();
        for (int rows : new int[] {1, 64}) {
            ParallelProblem p = ParallelProblem.of(rows, COLS, Arena.ofAuto());
            for (Kernel kernel : new Kernel[] {own, borrowed}) {
                assertThatIllegalStateException()
                        .isThrownBy(() -> p.run(operation, kernel, 0, rows))
                        .withMessage("parallel kernel: it is closed; make another one");
            }
        }
    }

    @Test
    void argumentsAreChecked() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ParallelKernel.withThreads(SUMS, 0))
                .withMessage("threads: 0, expected 1 to 1024");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ParallelKernel.over(SUMS, Runnable::run, -1))
                .withMessage("threads: -1, expected 1 to 1024");
        try (ParallelKernel kernel = ParallelKernel.withThreads(SUMS, 2)) {
            assertThat(kernel.threads()).isEqualTo(2);
            assertThat(kernel).hasToString("sums, 2 threads");
        }
    }

    private static void join(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static Kernel watching(Set<Thread> seen) {
        return new SumKernel() {
            @Override
            protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
                seen.add(Thread.currentThread());
                super.gemvI8Rows(w, x, fromRow, toRow, y);
            }
        };
    }
}
