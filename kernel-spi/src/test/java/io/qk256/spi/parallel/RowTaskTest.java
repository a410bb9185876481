package io.qk256.spi.parallel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.qk256.spi.Kernel;
import io.qk256.spi.Operation;
import java.lang.foreign.Arena;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = ThreadMode.SEPARATE_THREAD)
class RowTaskTest {

    private static final Kernel SUMS = new SumKernel();

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 8})
    void everyRowIsDoneOnce(int threads) {
        try (ParallelKernel kernel = ParallelKernel.withThreads(SUMS, threads)) {
            for (int rows : new int[] {0, 1, 7, 100, 1001}) {
                AtomicIntegerArray done = new AtomicIntegerArray(rows);
                kernel.forRows(rows, 1, (from, to) -> {
                    for (int row = from; row < to; row++) {
                        done.incrementAndGet(row);
                    }
                });
                for (int row = 0; row < rows; row++) {
                    assertThat(done.get(row)).as("row %d of %d", row, rows).isEqualTo(1);
                }
            }
        }
    }

    @Test
    void fewerRowsThanAreWorthwhileStayWithTheCaller() {
        Set<Thread> seen = ConcurrentHashMap.newKeySet();
        AtomicInteger calls = new AtomicInteger();
        try (ParallelKernel kernel = ParallelKernel.withThreads(SUMS, 4)) {
            kernel.forRows(100, 100, (from, to) -> {
                seen.add(Thread.currentThread());
                calls.incrementAndGet();
            });
        }
        assertThat(seen).containsExactly(Thread.currentThread());
        assertThat(calls).hasValue(1);
    }

    /** Each range waits for a second thread, so this ends only if two threads work at once. */
    @Test
    void theCallerWorksWithTheOthers() {
        Set<Thread> seen = ConcurrentHashMap.newKeySet();
        try (ParallelKernel kernel = ParallelKernel.withThreads(SUMS, 2)) {
            kernel.forRows(64, 1, (from, to) -> {
                seen.add(Thread.currentThread());
                while (seen.size() < 2) {
                    Thread.onSpinWait();
                }
            });
        }
        assertThat(seen).hasSize(2).contains(Thread.currentThread());
    }

    @Test
    void aTaskMayUseTheKernel() {
        try (ParallelKernel kernel = ParallelKernel.withThreads(SUMS, 3)) {
            ParallelProblem p = ParallelProblem.of(37, 8192, Arena.ofAuto());
            Object expected = p.run(Operation.GEMV_I8, SUMS, 0, 37);
            kernel.forRows(
                    1,
                    1,
                    (from, to) ->
                            assertThat(p.run(Operation.GEMV_I8, kernel, 0, 37)).isEqualTo(expected));
            kernel.forRows(8, 1, (from, to) -> kernel.forRows(9, 1, (innerFrom, innerTo) -> {}));
        }
    }

    @Test
    void aFailureOfAnyRangeEndsTheCallAndNotTheThreads() {
        try (ParallelKernel kernel = ParallelKernel.withThreads(SUMS, 3)) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> kernel.forRows(100, 1, (from, to) -> {
                        if (to == 100) {
                            throw new IllegalStateException("last");
                        }
                    }))
                    .withMessage("last");
            everyRowIsDoneOnce(3);
        }
    }

    @Test
    void refusesWhatMakesNoSense() {
        ParallelKernel kernel = ParallelKernel.withThreads(SUMS, 2);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> kernel.forRows(-1, 1, (from, to) -> {}))
                .withMessageContaining("rows: -1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> kernel.forRows(1, 0, (from, to) -> {}))
                .withMessageContaining("minRows: 0");
        kernel.close();
        assertThatIllegalStateException().isThrownBy(() -> kernel.forRows(1, 1, (from, to) -> {}));
        assertThatIllegalStateException().isThrownBy(() -> kernel.forRows(100, 1, (from, to) -> {}));
    }
}
