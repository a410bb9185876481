package io.qk256.spi;

import static io.qk256.spi.Views.HEAP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNoException;

import io.qk256.spi.Views.Part;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Memory that a kernel must not use never reaches it. */
class KernelMemoryTest {

    private static final int MEMORY_BYTES = 32768;
    private static final int INPUT_START = 8192;

    private final RecordingKernel kernel = new RecordingKernel();

    @ParameterizedTest
    @MethodSource("inputsAndOutputs")
    void closedMemoryIsRefused(Operation operation, Part part) {
        Views v;
        try (Arena arena = Arena.ofConfined()) {
            v = Views.of(operation, p -> p == part ? arena : HEAP);
        }
        assertRefusedAsClosed(operation, part, v);
    }

    @ParameterizedTest
    @MethodSource("inputsAndOutputs")
    void closedSharedMemoryIsRefused(Operation operation, Part part) {
        Views v;
        try (Arena arena = Arena.ofShared()) {
            v = Views.of(operation, p -> p == part ? arena : HEAP);
        }
        assertRefusedAsClosed(operation, part, v);
    }

    private void assertRefusedAsClosed(Operation operation, Part part, Views v) {
        assertThatIllegalStateException()
                .isThrownBy(() -> Calls.runAllRows(operation, kernel, v))
                .withMessage(part.label(operation) + ": the arena of this segment is closed");
        assertThat(kernel.calls).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("inputsAndOutputs")
    void anotherThreadsConfinedMemoryIsRefused(Operation operation, Part part) {
        try (Arena arena = Arena.ofConfined()) {
            Views v = Views.of(operation, p -> p == part ? arena : HEAP);
            assertThatExceptionOfType(WrongThreadException.class)
                    .isThrownBy(() -> inThread("elsewhere", () -> Calls.runAllRows(operation, kernel, v)))
                    .withMessage(part.label(operation)
                            + ": its confined arena belongs to a thread other than elsewhere; use a shared arena");
        }
        assertThat(kernel.calls).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void sharedMemoryServesEveryThread(Operation operation) {
        try (Arena arena = Arena.ofShared()) {
            Views v = Views.of(operation, part -> arena);
            assertThatNoException()
                    .isThrownBy(() -> inThread("elsewhere", () -> Calls.runAllRows(operation, kernel, v)));
        }
        assertThat(kernel.calls).hasSize(1);
    }

    @ParameterizedTest
    @EnumSource
    void aReadOnlyOutputIsRefused(Operation operation) {
        Views v = Views.of(
                operation,
                part -> part == Part.OUT
                        ? (bytes, alignment) -> HEAP.allocate(bytes, alignment).asReadOnly()
                        : HEAP);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Calls.runAllRows(operation, kernel, v))
                .withMessage(Calls.outName(operation) + ": the segment is read-only; results need writable memory");
        assertThat(kernel.calls).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void readOnlyInputsAreTaken(Operation operation) {
        Views v = Views.of(
                operation,
                part -> part == Part.OUT
                        ? HEAP
                        : (bytes, alignment) -> HEAP.allocate(bytes, alignment).asReadOnly());
        Calls.runAllRows(operation, kernel, v);
        assertThat(kernel.calls).hasSize(1);
    }

    @ParameterizedTest
    @MethodSource("inputs")
    void anOutputOverAnInputIsRefusedOnTheHeap(Operation operation, Part input) {
        refusesOverlaps(operation, input, MemorySegment.ofArray(new float[MEMORY_BYTES / Float.BYTES]));
    }

    @ParameterizedTest
    @MethodSource("inputs")
    void anOutputOverAnInputIsRefusedOffTheHeap(Operation operation, Part input) {
        try (Arena arena = Arena.ofConfined()) {
            refusesOverlaps(operation, input, arena.allocate(MEMORY_BYTES, 64));
        }
    }

    /**
     * The output overlaps the input's start, only its first 4 bytes, only its last 4 bytes; then it borders it on each
     * side.
     */
    private void refusesOverlaps(Operation operation, Part input, MemorySegment memory) {
        Views fitting = Views.onHeap(operation);
        int inBytes = Math.toIntExact(input.segment(operation, fitting).byteSize());
        int outBytes = Math.toIntExact(fitting.out().segment().byteSize());
        for (int shift : new int[] {0, 4 - outBytes, (inBytes - 1) / 4 * 4}) {
            assertThatIllegalArgumentException()
                    .as("output starts %d bytes after the input", shift)
                    .isThrownBy(() -> Calls.runAllRows(operation, kernel, sharing(operation, input, memory, shift)))
                    .withMessage(Calls.outName(operation) + " overlaps " + input.label(operation)
                            + "; results need memory of their own");
        }
        assertThat(kernel.calls).isEmpty();
        for (int shift : new int[] {-outBytes, (inBytes + 3) / 4 * 4}) {
            Calls.runAllRows(operation, kernel, sharing(operation, input, memory, shift));
        }
        assertThat(kernel.calls).hasSize(2);
    }

    /** One input and the output share memory; everything else is separate. */
    private static Views sharing(Operation operation, Part input, MemorySegment memory, int shift) {
        return Views.of(operation, part -> {
            if (part == input) {
                return (bytes, alignment) -> memory.asSlice(INPUT_START, bytes);
            }
            return part == Part.OUT ? (bytes, alignment) -> memory.asSlice(INPUT_START + shift, bytes) : HEAP;
        });
    }

    static Stream<Arguments> inputs() {
        return inputsAndOutputs().filter(arguments -> arguments.get()[1] != Part.OUT);
    }

    static Stream<Arguments> inputsAndOutputs() {
        return Arrays.stream(Operation.values())
                .flatMap(operation -> Arrays.stream(Part.values())
                        .filter(part -> operation != Operation.DEQUANTIZE || part != Part.X)
                        .filter(part -> operation != Operation.GEMV_TRANSPOSED || part != Part.GROUP_SCALES)
                        .map(part -> Arguments.of(operation, part)));
    }

    private static void inThread(String name, ThrowingCallable work) throws Throwable {
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread thread = Thread.ofPlatform().name(name).start(() -> {
            try {
                work.call();
            } catch (Throwable e) {
                thrown.set(e);
            }
        });
        thread.join();
        if (thrown.get() != null) {
            throw thrown.get();
        }
    }
}
