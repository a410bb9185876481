package io.qk256.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Rule 35: invalid arguments must never reach a kernel. */
interface RefusalRules extends RuleGroup {

    /** A call that must be rejected. */
    interface Call {
        void on(Kernel kernel, Operands operands, F32Vector result);
    }

    @Test
    @DisplayName(Rules.INVALID)
    default void rule35InvalidArguments() {
        Kernel asked = kernel().kernel();
        Problem problem = Problem.random(3, 300, 35).withColumns(2);
        for (Map.Entry<String, Call> call : invalid().entrySet()) {
            try (Arena arena = Arena.ofConfined()) {
                Operands operands = Operands.place(problem, Placement.OFF_HEAP, arena);
                F32Vector result = F32Vector.allocate(arena, 3 * 300);
                String what = kernel().says(Rules.INVALID) + call.getKey() + ": ";
                assertRefused(what, () -> call.getValue().on(asked, operands, result));
                assertThat(result.toArray())
                        .as(what + "the result, expected as before the call")
                        .containsOnly(0);
                assertThat(operands.change())
                        .as(what + "changed input bytes, expected none")
                        .isEmpty();
            }
        }
    }

    private static void assertRefused(String what, Runnable call) {
        try {
            call.run();
        } catch (IllegalArgumentException | IllegalStateException refused) {
            return;
        } catch (RuntimeException e) {
            throw new AssertionError(what + "threw " + e + ", expected an IllegalArgumentException", e);
        }
        throw new AssertionError(what + "seen a result, expected an IllegalArgumentException");
    }

    private static Map<String, Call> invalid() {
        Map<String, Call> calls = new LinkedHashMap<>();
        calls.put("dequantize of rows [-1, 2)", (kernel, in, out) -> kernel.dequantize(in.w(), -1, 2, out));
        calls.put("dequantize of rows [2, 1)", (kernel, in, out) -> kernel.dequantize(in.w(), 2, 1, out));
        calls.put("dequantize of rows [0, 4) of 3", (kernel, in, out) -> kernel.dequantize(in.w(), 0, 4, out));
        calls.put(
                "dequantize to a result too short", (kernel, in, out) -> kernel.dequantize(in.w(), out.slice(0, 899)));
        calls.put(
                "f32 product with x too short",
                (kernel, in, out) -> kernel.gemv(in.w(), in.x().slice(0, 299), out.slice(0, 3)));
        calls.put(
                "f32 product to a result too short", (kernel, in, out) -> kernel.gemv(in.w(), in.x(), out.slice(0, 2)));
        calls.put(
                "f32 product to its own x",
                (kernel, in, out) -> kernel.gemv(in.w(), in.x(), in.x().slice(0, 3)));
        calls.put(
                "f32 product to read-only memory",
                (kernel, in, out) -> kernel.gemv(
                        in.w(), in.x(), F32Vector.of(out.slice(0, 3).segment().asReadOnly())));
        calls.put(
                "int8 product with q too short",
                (kernel, in, out) -> kernel.gemv(in.w(), I8Vector.of(new byte[299], 1), out.slice(0, 3)));
        calls.put(
                "int8 product of rows [3, 2)", (kernel, in, out) -> kernel.gemv(in.w(), in.q(), 3, 2, out.slice(0, 3)));
        calls.put(
                "int8 batch product with columns too short",
                (kernel, in, out) -> kernel.gemm(in.w(), I8Batch.of(new byte[2 * 299], 2, 299), out.slice(0, 6)));
        calls.put(
                "int8 batch product to a result for one column",
                (kernel, in, out) -> kernel.gemm(in.w(), in.columns(), out.slice(0, 3)));
        calls.put(
                "8-bit product with columns too short",
                (kernel, in, out) ->
                        kernel.gemm(in.wideMatrix(), I8Batch.of(new byte[2 * 299], 2, 299), out.slice(0, 6)));
        calls.put(
                "8-bit product to a result for one column",
                (kernel, in, out) -> kernel.gemm(in.wideMatrix(), in.columns(), out.slice(0, 3)));
        calls.put(
                "8-bit product of rows [2, 4) of 3",
                (kernel, in, out) -> kernel.gemm(in.wideMatrix(), in.columns(), 2, 4, out.slice(0, 9)));
        calls.put("f32 product with a closed x", (kernel, in, out) -> kernel.gemv(in.w(), closed(), out.slice(0, 3)));
        calls.put("dequantize of closed codes", (kernel, in, out) -> kernel.dequantize(closedMatrix(), out));
        return calls;
    }

    private static F32Vector closed() {
        try (Arena arena = Arena.ofConfined()) {
            return F32Vector.allocate(arena, 300);
        }
    }

    private static Qk256Matrix closedMatrix() {
        try (Arena arena = Arena.ofConfined()) {
            return Operands.place(Problem.random(3, 300, 35), Placement.OFF_HEAP, arena)
                    .w();
        }
    }
}
