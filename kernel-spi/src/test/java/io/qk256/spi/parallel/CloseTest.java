package io.qk256.spi.parallel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.spi.Kernel;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The start and the end of a parallel kernel's threads. The time limit abandons what hangs. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CloseTest {

    private static final Kernel SUMS = new SumKernel();

    @Test
    void aTaskCannotCloseTheThreadsThatItRunsOn() {
        Set<Thread> refused = ConcurrentHashMap.newKeySet();
        try (ParallelKernel kernel = ParallelKernel.withThreads(SUMS, 2)) {
            kernel.forRows(64, 1, (from, to) -> {
                assertThatIllegalStateException()
                        .isThrownBy(kernel::close)
                        .withMessage("parallel kernel: close() came from a task of its own call, for whose end it would"
                                + " wait; close it after the call");
                refused.add(Thread.currentThread());
                waitForTwo(refused);
            });
            assertThat(refused).hasSize(2).contains(Thread.currentThread());
            everyRowIsDone(kernel);
        }
    }

    /** This can happen in a kernel that closes what it uses. */
    @Test
    void norByWayOfAnotherKernelsTask() {
        Set<Thread> refused = ConcurrentHashMap.newKeySet();
        try (ParallelKernel outer = ParallelKernel.withThreads(SUMS, 2);
                ParallelKernel inner = ParallelKernel.withThreads(SUMS, 2)) {
            outer.forRows(
                    64,
                    1,
                    (from, to) -> inner.forRows(64, 1, (innerFrom, innerTo) -> {
                        assertThatIllegalStateException().isThrownBy(outer::close);
                        refused.add(Thread.currentThread());
                        waitForTwo(refused);
                    }));
            everyRowIsDone(outer);
            everyRowIsDone(inner);
        }
    }

    @Test
    void aCallWithinACallByWayOfAnotherKernelIsDoneByItsThread() {
        AtomicInteger rows = new AtomicInteger();
        try (ParallelKernel outer = ParallelKernel.withThreads(SUMS, 3);
                ParallelKernel inner = ParallelKernel.withThreads(SUMS, 3)) {
            outer.forRows(
                    30,
                    1,
                    (from, to) -> inner.forRows(
                            20,
                            1,
                            (innerFrom, innerTo) -> outer.forRows(
                                    10,
                                    1,
                                    (innermostFrom, innermostTo) -> rows.addAndGet(innermostTo - innermostFrom))));
        }
        assertThat(rows.get()).isPositive().matches(sum -> sum % 10 == 0, "whole innermost calls");
    }

    @Test
    void aTaskMayCloseAKernelThatDoesNotWaitForIt() {
        ParallelKernel other = ParallelKernel.withThreads(SUMS, 3);
        try (ParallelKernel kernel = ParallelKernel.withThreads(SUMS, 2)) {
            kernel.forRows(64, 1, (from, to) -> other.close());
        }
        assertThatIllegalStateException().isThrownBy(() -> everyRowIsDone(other));
    }

    @Test
    void borrowedThreadsMayCloseTheirKernel() {
        try (ExecutorService executor = Executors.newFixedThreadPool(2)) {
            ParallelKernel kernel = ParallelKernel.over(SUMS, executor, 3);
            AtomicInteger rows = new AtomicInteger();
            kernel.forRows(64, 1, (from, to) -> {
                kernel.close();
                rows.addAndGet(to - from);
            });
            assertThat(rows).hasValue(64);
            assertThatIllegalStateException().isThrownBy(() -> everyRowIsDone(kernel));
        }
    }

    @Test
    void whoCallsWhileAnotherClosesIsServedOrTold() throws InterruptedException {
        ParallelKernel kernel = ParallelKernel.withThreads(SUMS, 3);
        CountDownLatch calling = new CountDownLatch(4);
        Set<Object> ends = ConcurrentHashMap.newKeySet();
        List<Thread> callers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            callers.add(Thread.ofPlatform().start(() -> {
                try {
                    while (true) {
                        everyRowIsDone(kernel);
                        calling.countDown();
                    }
                } catch (Throwable e) {
                    ends.add(String.valueOf(e));
                }
            }));
        }
        calling.await();
        kernel.close();
        kernel.close();
        for (Thread caller : callers) {
            caller.join();
        }
        assertThat(ends)
                .containsExactly("java.lang.IllegalStateException: parallel kernel: it is closed; make another one");
    }

    @Test
    void aCallWithinACallIsServedWhileAnotherCloses() throws InterruptedException {
        ParallelKernel kernel = ParallelKernel.withThreads(SUMS, 2);
        Thread closer = Thread.ofPlatform().unstarted(kernel::close);
        AtomicBoolean started = new AtomicBoolean();
        AtomicBoolean served = new AtomicBoolean();
        kernel.forRows(64, 1, (from, to) -> {
            if (started.compareAndSet(false, true)) {
                closer.start();
            }
            while (closer.getState() != Thread.State.WAITING) {
                Thread.onSpinWait(); // until it waits for this call
            }
            everyRowIsDone(kernel);
            served.set(true);
        });
        closer.join();
        assertThat(served).isTrue();
        assertThatIllegalStateException().isThrownBy(() -> everyRowIsDone(kernel));
    }

    @Test
    void noThreadIsLeftWhenOneCannotBeStarted() {
        for (int missing = 0; missing < 4; missing++) {
            List<Thread> started = new ArrayList<>();
            int number = missing;
            assertThatIllegalStateException()
                    .isThrownBy(() -> new WorkerPool(4, thread -> {
                        if (started.size() == number) {
                            throw new OutOfMemoryError("unable to create native thread");
                        }
                        started.add(thread);
                        thread.start();
                    }))
                    .withMessage(
                            "parallel kernel: thread qk256-" + (missing + 1) + " of 4 could not be started (unable to"
                                    + " create native thread); use fewer threads, or allow this process more (ulimit -u)")
                    .withCauseInstanceOf(OutOfMemoryError.class);
            assertThat(started).hasSize(missing).noneMatch(Thread::isAlive);
        }
    }

    @Test
    void noThreadIsLeftWhateverElseGoesWrong() {
        List<Thread> started = new ArrayList<>();
        assertThatThrownBy(() -> new WorkerPool(3, thread -> {
                    if (started.size() == 2) {
                        throw new SecurityException("no");
                    }
                    started.add(thread);
                    thread.start();
                }))
                .isInstanceOf(SecurityException.class);
        assertThat(started).hasSize(2).noneMatch(Thread::isAlive);
    }

    @Test
    void threadsAreCounted() {
        for (int threads : new int[] {Integer.MIN_VALUE, -1, 0, ParallelKernel.MAX_THREADS + 1, Integer.MAX_VALUE}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> ParallelKernel.withThreads(SUMS, threads))
                    .withMessage("threads: " + threads + ", expected 1 to 1024");
            assertThatIllegalArgumentException().isThrownBy(() -> ParallelKernel.over(SUMS, Runnable::run, threads));
        }
    }

    private static void everyRowIsDone(ParallelKernel kernel) {
        AtomicInteger rows = new AtomicInteger();
        kernel.forRows(64, 1, (from, to) -> rows.addAndGet(to - from));
        assertThat(rows).hasValue(64);
    }

    private static void waitForTwo(Set<Thread> threads) {
        while (threads.size() < 2) {
            Thread.onSpinWait();
        }
    }
}
