package io.qk256.tck;

import io.qk256.spi.F32Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.support.PrintableText;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.assertj.core.api.Assertions;

/** Tests one problem on a kernel on behalf of one rule. Immutable and thread-safe. */
final class Trial {

    private final KernelUnderTest subject;
    private final String rule;
    private final Problem problem;
    private final Placement placement;
    private final int fromRow;
    private final int toRow;

    private Trial(KernelUnderTest subject, String rule, Problem problem, Placement placement, int fromRow, int toRow) {
        this.subject = subject;
        this.rule = rule;
        this.problem = problem;
        this.placement = placement;
        this.fromRow = fromRow;
        this.toRow = toRow;
    }

    /** All rows, off-heap. */
    static Trial of(KernelUnderTest subject, String rule, Problem problem) {
        return new Trial(subject, rule, problem, Placement.OFF_HEAP, 0, problem.rows());
    }

    Trial at(Placement other) {
        return new Trial(subject, rule, problem, other, fromRow, toRow);
    }

    Trial rows(int from, int to) {
        return new Trial(subject, rule, problem, placement, from, to);
    }

    /** Checks that every element is right. */
    void check(OperationUnderTest operation) {
        Expected[] expected = expected(operation);
        compare(operation, run(operation).values(), expected);
    }

    /** The same with several placements, computing the expected values only once. */
    void checkAt(List<Placement> placements, OperationUnderTest... operations) {
        for (OperationUnderTest operation : operations) {
            Expected[] expected = expected(operation);
            for (Placement each : placements) {
                Trial trial = at(each);
                trial.compare(operation, trial.run(operation).values(), expected);
            }
        }
    }

    /** Checks that every element is right for each of the operations. */
    void checkAll() {
        for (OperationUnderTest operation : OperationUnderTest.values()) {
            check(operation);
        }
    }

    /** The same on operands that all operations share, for problems that are slow to place in memory. */
    void checkAllInPlace() {
        try (Arena arena = Arena.ofConfined()) {
            Operands operands = Operands.place(problem, placement, arena);
            for (OperationUnderTest operation : OperationUnderTest.values()) {
                Expected[] expected = expected(operation);
                F32Vector result = F32Vector.allocate(arena, operation.resultLength(problem, fromRow, toRow));
                call(operation, operands, result);
                compare(operation, result, expected);
            }
        }
    }

    /** Checks that every element is right, within the tolerance of rules 1 to 10. */
    void checkCore(OperationUnderTest operation) {
        Expected[] core = Arrays.stream(expected(operation)).map(Expected::core).toArray(Expected[]::new);
        compare(operation, run(operation).values(), core);
    }

    /** Checks that every element has the same bits as in another result. */
    void checkSame(OperationUnderTest operation, F32Vector reference) {
        compareSame(operation, run(operation).values(), reference);
    }

    /** Checks that every element is right, the inputs are unchanged and nothing is written next to the result. */
    void checkEverything(OperationUnderTest operation) {
        Expected[] expected = expected(operation);
        Outcome outcome = run(operation);
        compare(operation, outcome.values(), expected);
        outcome.inputChange().or(outcome::strayWrite).ifPresent(damage -> fail(operation, damage));
    }

    /** Checks everything for each range of rows, amid hostile memory; what is not computed has a value unlike any result. */
    void checkEveryRange(OperationUnderTest operation) {
        Trial trial = at(Placement.OFF_HEAP.withFill(-12345).amidHostileMemory());
        for (int from = 0; from < problem.rows(); from++) {
            for (int to = from + 1; to <= problem.rows(); to++) {
                trial.rows(from, to).checkEverything(operation);
            }
        }
    }

    /**
     * Checks that every element has the same bits as in another result, wherever the operands are: at any byte or any
     * boundary of their size, amid hostile bytes, in every kind of memory, and next to pages that cannot be read.
     */
    void checkSameInAnyMemory(OperationUnderTest operation, F32Vector reference) {
        for (Placement home : List.of(Placement.OFF_HEAP, Placement.HEAP)) {
            for (int offset = 0; offset < 5; offset++) {
                Placement hostile =
                        home.withOffsets(offset, offset).amidHostileMemory().withPadding(offset);
                at(hostile.withRowGap(offset * 7)).checkSame(operation, reference);
                at(hostile.withLongerVectors(1 + 40 * offset).withTail(offset)).checkSame(operation, reference);
            }
        }
        for (MemoryKind kind : MemoryKind.EVERYWHERE) {
            at(Placement.in(kind, MemoryKind.OFF_HEAP, MemoryKind.OFF_HEAP, MemoryKind.OFF_HEAP))
                    .checkSame(operation, reference);
            at(Placement.in(MemoryKind.OFF_HEAP, kind, MemoryKind.HEAP, MemoryKind.OFF_HEAP))
                    .checkSame(operation, reference);
        }
        for (MemoryKind guarded : MemoryKind.guarded()) {
            at(Placement.in(guarded, guarded, guarded, MemoryKind.OFF_HEAP)).checkSame(operation, reference);
        }
    }

    /** Checks that the operation is rejected because it is not defined for this codebook. */
    void checkRefused(OperationUnderTest operation) {
        try {
            run(operation);
        } catch (AssertionError e) {
            if (e.getCause() instanceof IllegalArgumentException) {
                return;
            }
            throw e;
        }
        fail(operation, "seen a result, expected an IllegalArgumentException: it is defined for integers only");
    }

    /** Returns what each element must be. */
    Expected[] expected(OperationUnderTest operation) {
        return operation.expected(problem, fromRow, toRow, placement.fill());
    }

    /** Calls the kernel on separate memory. */
    Outcome run(OperationUnderTest operation) {
        try (Arena arena = Arena.ofConfined()) {
            Operands operands = Operands.place(problem, placement, operation, arena);
            float[] fill = new float[operation.resultLength(problem, fromRow, toRow)];
            Arrays.fill(fill, placement.fill());
            Buffer result = Buffer.of(
                    "result", fill, placement.beyond(), 0, placement.result(), placement.resultOffset(), arena);
            call(operation, operands, F32Vector.of(result.view()));
            return new Outcome(
                    F32Vector.of(result.view().toArray(ValueLayout.JAVA_FLOAT)),
                    operands.change(),
                    result.changeOutside());
        }
    }

    /** Calls the kernel, and then restores the thread's floating-point environment. */
    void call(OperationUnderTest operation, Operands operands, F32Vector result) {
        call(operation, operands, result, 1);
    }

    /** Calls the kernel this many times. */
    void call(OperationUnderTest operation, Operands operands, F32Vector result, int times) {
        call(operation, operands, result, call -> {
            for (int time = 0; time < times; time++) {
                call.run();
            }
        });
    }

    /** Lets a caller call the kernel as often as it likes, with nothing before and after each call. */
    void call(OperationUnderTest operation, Operands operands, F32Vector result, Consumer<Runnable> caller) {
        Kernel kernel = subject.kernel();
        BlackBox.record(() -> where(operation) + operands.addresses() + Operands.address("result", result.segment()));
        FloatEnvironment before = FloatEnvironment.current();
        try {
            caller.accept(() -> operation.run(kernel, operands, fromRow, toRow, result));
        } catch (RuntimeException | Error e) {
            throw new AssertionError(
                    where(operation) + ": threw " + PrintableText.line(String.valueOf(e)) + ", expected a result", e);
        } finally {
            subject.floatEnvironment().check(before, () -> what(operation));
        }
        subject.floatEnvironment().requireUnspoiled(subject.says(rule));
    }

    /** Checks that every element has the same bits as in another result. */
    void compareSame(OperationUnderTest operation, F32Vector seen, F32Vector reference) {
        Expected[] same = new Expected[Math.toIntExact(reference.length())];
        for (int i = 0; i < same.length; i++) {
            same[i] = Expected.exactly(reference.get(i));
        }
        compare(operation, seen, same);
    }

    /** Checks that every element is as expected. */
    void compare(OperationUnderTest operation, F32Vector seen, Expected... expected) {
        int wrong = 0;
        int first = -1;
        for (int i = 0; i < expected.length; i++) {
            if (!expected[i].accepts(seen.get(i))) {
                first = wrong++ == 0 ? i : first;
            }
        }
        if (wrong > 0) {
            String place = operation.place(problem, fromRow, first);
            String count = expected.length == 1 ? "" : "; " + wrong + " of " + expected.length + " values are wrong";
            fail(operation, place + ": seen " + seen.get(first) + ", expected " + expected[first] + count);
        }
    }

    /** Fails with a message that says what was tried. */
    void fail(OperationUnderTest operation, String detail) {
        Assertions.fail(where(operation) + ": " + detail);
    }

    private String where(OperationUnderTest operation) {
        return subject.says(rule) + what(operation);
    }

    /** Describes the call. */
    String what(OperationUnderTest operation) {
        return operation + " " + this;
    }

    @Override
    public String toString() {
        boolean allRows = fromRow == 0 && toRow == problem.rows();
        return problem + ", " + placement + (allRows ? "" : ", rows [" + fromRow + ", " + toRow + ")");
    }
}
