package io.qk256.tck;

import io.qk256.spi.F32Vector;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Rule 40: a model calls its kernel a hundred thousand times a minute. */
interface LeakRules extends RuleGroup {

    @Test
    @DisplayName(Rules.NOTHING_LEAKS + ", many calls")
    default void rule40NothingLeaksInManyCalls() {
        searchInCalls(Problem.random(1, 5, 40).withRandomBlockScales(), 10_000, 32);
    }

    @Test
    @DisplayName(Rules.NOTHING_LEAKS + ", wider calls")
    default void rule40NothingLeaksInWiderCalls() {
        searchInCalls(Problem.random(5, 300, 40), 700, 512);
    }

    /**
     * Scratch memory per thread is allowed, as long as the thread lives; a kernel learns that it has ended from the garbage
     * collector, and gives back its memory in its next call. Native memory is no indicator here, because the C library keeps
     * the stacks of threads that ended.
     */
    @Test
    @DisplayName(Rules.NOTHING_LEAKS + ", threads that end")
    default void rule40NothingLeaksOfThreadsThatEnd() {
        Trial trial = kernel().trial(Rules.NOTHING_LEAKS, Problem.random(5, 300, 40));
        Runnable each = () -> List.of(OperationUnderTest.values()).forEach(trial::run);
        each.run(); // If there is no kernel, the test is skipped.
        IntConsumer threads = count -> {
            for (int i = 0; i < count; i++) {
                inThreadOfItsOwn(each);
            }
            each.run(); // The next call, of a thread that lives.
        };
        Set<Resource> resources = EnumSet.of(Resource.THREADS, Resource.DESCRIPTORS, Resource.HEAP);
        search(resources, threads, "a round is a thread that calls each operation once, " + trial, 300, 1024);
    }

    private static void inThreadOfItsOwn(Runnable task) {
        List<Throwable> thrown = new ArrayList<>();
        Thread thread = Thread.ofPlatform().unstarted(task);
        thread.setUncaughtExceptionHandler((dead, exception) -> thrown.add(exception));
        thread.start();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!thrown.isEmpty()) {
            throw new AssertionError(thrown.getFirst().getMessage(), thrown.getFirst());
        }
    }

    private void searchInCalls(Problem problem, int rounds, int bytesPerRound) {
        Trial trial = kernel().trial(Rules.NOTHING_LEAKS, problem);
        try (Arena arena = Arena.ofConfined()) {
            List<IntConsumer> calls = new ArrayList<>();
            for (Placement placement : List.of(Placement.OFF_HEAP, Placement.HEAP)) {
                Trial placed = trial.at(placement);
                Operands operands = Operands.place(problem, placement, arena);
                for (OperationUnderTest operation : OperationUnderTest.values()) {
                    int length = operation.resultLength(problem, 0, problem.rows());
                    F32Vector result = placement == Placement.HEAP
                            ? F32Vector.of(new float[length])
                            : F32Vector.allocate(arena, length);
                    calls.add(times -> placed.call(operation, operands, result, times));
                }
            }
            IntConsumer work = count -> calls.forEach(call -> call.accept(count));
            search(
                    EnumSet.allOf(Resource.class),
                    work,
                    "a round is a call of each operation, off-heap and on the heap, " + trial,
                    rounds,
                    bytesPerRound);
        }
    }

    private void search(Set<Resource> resources, IntConsumer work, String round, int rounds, int bytesPerRound) {
        Optional<String> found = kernel().prints()
                .during("many calls", () -> new LeakSearch(resources, work, rounds, bytesPerRound).find());
        found.ifPresent(leak -> {
            throw new AssertionError(kernel().says(Rules.NOTHING_LEAKS) + leak + " (" + round + ")");
        });
    }
}
