package io.qk256.spi.parallel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ParallelTasksTest {

    private static final int COUNT = 1000;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 8})
    void everyTaskIsDoneOnce(int threads) {
        AtomicIntegerArray done = new AtomicIntegerArray(COUNT);
        ParallelTasks.run(COUNT, threads, done::incrementAndGet);
        for (int i = 0; i < COUNT; i++) {
            assertThat(done.get(i)).as("task %d", i).isOne();
        }
    }

    @Test
    void oneThreadTakesThemInOrder() {
        List<Integer> order = new ArrayList<>();
        ParallelTasks.run(5, 1, order::add);
        assertThat(order).containsExactly(0, 1, 2, 3, 4);
    }

    @Test
    void noTasksNeedNoThread() {
        ParallelTasks.run(0, 4, i -> {
            throw new AssertionError(i);
        });
    }

    /** Whichever thread fails first. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void theFailureOfTheLowestNumberIsTold(int threads) {
        for (int turn = 0; turn < 50; turn++) {
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(() -> ParallelTasks.run(COUNT, threads, i -> {
                        if (i % 7 == 3) {
                            throw new IOException("task " + i);
                        }
                    }))
                    .withMessage("task 3");
        }
    }

    @Test
    void nothingStartsAfterAFailure() {
        AtomicInteger started = new AtomicInteger();
        assertThatExceptionOfType(StackOverflowError.class)
                .isThrownBy(() -> ParallelTasks.run(COUNT, 2, i -> {
                    started.incrementAndGet();
                    throw new StackOverflowError();
                }));
        assertThat(started).hasValueLessThanOrEqualTo(2);
    }

    /** The tasks use the caller's memory, which the caller frees as soon as it learns of the failure. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void noTaskRunsWhenAThreadCannotBeStarted(int number) {
        List<Thread> started = new ArrayList<>();
        assertThatIllegalStateException()
                .isThrownBy(() -> ParallelTasks.run(
                        COUNT,
                        4,
                        i -> {
                            throw new AssertionError(i);
                        },
                        thread -> {
                            if (started.size() == number) {
                                throw new OutOfMemoryError("unable to create native thread");
                            }
                            started.add(thread);
                            thread.start();
                        }))
                .withMessageStartingWith(
                        "parallel tasks: thread qk256-task-" + (number + 1) + " of 3 could not be started");
        assertThat(started).hasSize(number).noneMatch(Thread::isAlive);
    }

    @Test
    void anInterruptStaysPending() {
        AtomicInteger done = new AtomicInteger();
        Thread.currentThread().interrupt();
        try {
            ParallelTasks.run(COUNT, 3, i -> done.incrementAndGet());
            assertThat(Thread.currentThread().isInterrupted()).isTrue();
        } finally {
            Thread.interrupted();
        }
        assertThat(done).hasValue(COUNT);
    }

    @Test
    void numbersAreChecked() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ParallelTasks.run(0, 0, i -> {}))
                .withMessage("threads: 0, expected 1 or more");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ParallelTasks.run(-1, 1, i -> {}))
                .withMessage("tasks: -1, expected 0 or more");
    }
}
