package io.qk256.spi.selection;

import static io.qk256.spi.CpuFeature.AVX2;
import static io.qk256.spi.selection.Machines.JVM;
import static io.qk256.spi.selection.Machines.cpuWithout;
import static io.qk256.spi.selection.Machines.select;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.qk256.spi.Kernel;
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
