package io.qk256.spi.selection;

import static io.qk256.spi.CpuFeature.AVX2;
import static io.qk256.spi.selection.Machines.CPU;
import static io.qk256.spi.selection.Machines.JVM;
import static io.qk256.spi.selection.Machines.cpuWithout;
import static io.qk256.spi.selection.Machines.select;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Operation;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.parallel.CompositeKernel;
import io.qk256.spi.parallel.ParallelKernel;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SelectionTest {

    private final Kernel kernel = new PlainKernel();
    private final FakeProvider slow = new FakeProvider("slow", 0);
    private final FakeProvider fast = new FakeProvider("fast", 9, AVX2) {
        @Override
        Kernel kernel() {
            return kernel;
        }
    };

    @Test
    void givesTheKernelThatWasOpened() {
        assertThat(select(slow, fast).kernel()).isSameAs(kernel);
    }

    /** As a plugin may be that was written for 2-bit weights alone. */
    private static final class Narrow extends Kernel {

        private final PlainKernel right = new PlainKernel();

        @Override
        protected void dequantizeRows(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {
            right.dequantizeRows(w, fromRow, toRow, out);
        }

        @Override
        protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
            right.gemvF32Rows(w, x, fromRow, toRow, y);
        }

        @Override
        protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
            right.gemvI8Rows(w, x, fromRow, toRow, y);
        }
    }

    private final FakeProvider narrow = new FakeProvider("narrow", 20) {
        @Override
        Kernel kernel() {
            return new Narrow();
        }
    };

    @Test
    void aKernelSaysWhatItHas() {
        assertThat(Operation.values()).allMatch(kernel::hasOwn);
        assertThat(new Narrow().hasOwn(Operation.GEMV_I8)).isTrue();
        assertThat(new Narrow().hasOwn(Operation.GEMM_I8)).isFalse();
        assertThat(new Narrow().hasOwn(Operation.GEMM_Q8)).isFalse();
        assertThat(new Narrow().hasOwn(Operation.GEMV_LISTED)).isFalse();
        assertThat(new Narrow().hasOwn(Operation.GEMV_TRANSPOSED)).isFalse();
        Map<Operation, Kernel> parts = new EnumMap<>(Operation.class);
        Arrays.stream(Operation.values()).forEach(operation -> parts.put(operation, kernel));
        parts.put(Operation.GEMM_Q8, new Narrow());
        for (Kernel passingOn :
                List.of(new CompositeKernel(parts), ParallelKernel.withThreads(new CompositeKernel(parts), 1))) {
            assertThat(passingOn.hasOwn(Operation.GEMM_Q8)).isFalse();
            assertThat(passingOn.hasOwn(Operation.GEMV_TRANSPOSED)).isTrue();
        }
        parts.remove(Operation.GEMM_I8);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new CompositeKernel(parts))
                .withMessage("kernels: none for gemm-i8, expected one for each operation");
    }

    /** Plain Java would be the slowest part of a model by far. */
    @Test
    void anotherKernelMultipliesWeightsOf8BitsIfTheSelectedOneHasNoCodeForIt() {
        for (Selection selection : List.of(select(narrow, slow, fast), first(SelectionOptions.NONE))) {
            assertThat(selection.selected()).map(Candidate::name).contains("narrow");
            assertThat(selection.kernel())
                    .asString()
                    .contains("gemm-q8 by plain Java, ")
                    .contains("gemv-transposed by plain Java")
                    .doesNotContain("gemv-listed by plain Java");
            assertThat(selection.candidate("fast")).map(Candidate::why).contains("outranked by narrow");
        }
        assertThat(select(narrow).kernel()).isInstanceOf(Narrow.class);
        for (SelectionOptions alone : List.of(SelectionOptions.force("narrow"), SelectionOptions.require("narrow"))) {
            assertThat(select(alone, narrow, slow, fast).kernel()).isInstanceOf(Narrow.class);
            assertThat(first(alone).kernel()).isInstanceOf(Narrow.class);
        }
    }

    private Selection first(SelectionOptions wishes) {
        return KernelSelector.selectFirst(List.of(slow.source(), narrow.source(), fast.source()), CPU, JVM, wishes);
    }

    @Test
    void findsACandidateByItsName() {
        Selection selection = select(slow, fast);
        assertThat(selection.candidate("slow")).contains(selection.candidates().getLast());
        assertThat(selection.candidate("none")).isEmpty();
    }

    @Test
    void saysWhyNoKernelIsUsable() {
        Selection selection =
                select(cpuWithout(AVX2), JVM, SelectionOptions.NONE, fast, new FakeProvider("neon", 3, AVX2));
        assertThatIllegalStateException().isThrownBy(selection::kernel).withMessage("""
                no kernel is available: no kernel is usable
                  fast: CPU features: the CPU lacks avx2
                  neon: CPU features: the CPU lacks avx2""");
    }

    @Test
    void saysThatNoProviderWasFound() {
        Selection selection = select();
        assertThatIllegalStateException()
                .isThrownBy(selection::kernel)
                .withMessage("no kernel is available: no kernel is usable; no provider was found on the module path");
    }

    /** An engine that requires one kernel must not run another. */
    @Test
    void givesNoOtherKernelThanTheRequiredOne() {
        Selection selection = select(SelectionOptions.require("slow"), slow, fast);
        assertThatIllegalStateException().isThrownBy(selection::kernel).withMessage("""
                no kernel is available: kernel slow is required, but fast is selected; force slow to select it
                  fast: highest rank of the usable kernels
                  slow: outranked by fast""");
    }
}
