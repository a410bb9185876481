package io.qk256.avx2.vector;

import io.qk256.spi.Contract;
import io.qk256.spi.CpuFeature;
import io.qk256.spi.JvmFeature;
import io.qk256.spi.Kernel;
import io.qk256.spi.KernelProvider;
import io.qk256.spi.KernelUnavailableException;
import io.qk256.spi.Requirements;
import java.util.Set;

/** Provides the Vector API kernel. Uses no vector class before it is opened. */
public final class Avx2VectorProvider implements KernelProvider {

    /** Called by the service loader. */
    public Avx2VectorProvider() {}

    @Override
    public String name() {
        return "avx2-vector";
    }

    @Override
    public String contractVersion() {
        return Contract.VERSION;
    }

    @Override
    public Requirements requirements() {
        return new Requirements(
                Set.of(CpuFeature.AVX2, CpuFeature.FMA), Set.of(JvmFeature.OPTIMIZING_COMPILER, JvmFeature.VECTOR_API));
    }

    @Override
    public int rank() {
        return 200;
    }

    /** The JVM never emits an instruction that the CPU lacks, and {@link #open} checks how wide its vectors are. */
    @Override
    public boolean checksCpuItself() {
        return true;
    }

    @Override
    public Kernel open() throws KernelUnavailableException {
        int bits = Lanes.widestIntVectorBits();
        if (bits < Lanes.BITS) {
            throw new KernelUnavailableException("the JVM's widest vector of ints has " + bits + " bits, expected "
                    + Lanes.BITS + " or more; start it without -XX:UseAVX=0 or 1");
        }
        return new Avx2VectorKernel();
    }
}
