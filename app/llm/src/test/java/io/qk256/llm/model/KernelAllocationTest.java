package io.qk256.llm.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256Matrix;
import io.qk256.testing.JvmCounts;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import jdk.incubator.vector.Vector;
import org.junit.jupiter.api.Test;

/** Products of off-heap operands by the fast kernels leave nothing for the garbage collector, once the JVM has compiled them. */
class KernelAllocationTest {

    private static final int ROWS = 19;
    private static final int COLS = 600;
    private static final int CALLS = 200;

    /** More than it takes until everything is compiled; each takes milliseconds. */
    private static final int ROUNDS = 2_000;

    @Test
    void productsAllocateNothing() {
        Map<String, Kernel> kernels = new HashMap<>(Kernels.all());
        kernels.remove("scalar"); // It makes views of rows, for clarity.
        long none = leastBytes(() -> {}, 0);
        Arena arena = Arena.ofAuto();
        Qk256Matrix w = Qk256Matrix.of(arena.allocate(ROWS * 3 * 64, 64), ROWS, COLS, Codebook.TERNARY);
        F32Vector x = F32Vector.allocate(arena, COLS);
        F32Vector y = F32Vector.allocate(arena, ROWS);
        I8Vector q = I8Vector.allocate(arena, COLS);
        kernels.forEach((name, kernel) -> {
            assertThat(leastBytes(() -> kernel.gemv(w, x, y), none))
                    .as("%s, f32", name)
                    .isLessThanOrEqualTo(none);
            assertThat(leastBytes(() -> kernel.gemv(w, q, y), none))
                    .as("%s, int8", name)
                    .isLessThanOrEqualTo(none);
        });
    }

    /** The JVM may compile a caller without such a method, and then allocates the vectors. */
    @Test
    void noMethodTakesOrReturnsAVector() {
        for (Class<?> type : List.of(VectorReductions.class, VectorSoftmax.class, VectorBlockProducts.class)) {
            assertThat(type.getDeclaredMethods())
                    .filteredOn(method -> Stream.concat(
                                    Stream.of(method.getReturnType()), Arrays.stream(method.getParameterTypes()))
                            .anyMatch(Vector.class::isAssignableFrom))
                    .isEmpty();
        }
    }

    /** The bytes that a round of calls allocated, after as many rounds as it takes to get down to the expected number. */
    private static long leastBytes(Runnable call, long expected) {
        long least = Long.MAX_VALUE;
        for (int round = 0; round < ROUNDS && least > expected; round++) {
            long before = JvmCounts.allocatedBytes();
            for (int i = 0; i < CALLS; i++) {
                call.run();
            }
            least = Math.min(least, JvmCounts.allocatedBytes() - before);
        }
        return least;
    }
}
