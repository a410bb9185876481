package io.qk256.scalar;

import io.qk256.spi.Contract;
import io.qk256.spi.Kernel;
import io.qk256.spi.KernelProvider;
import io.qk256.spi.Requirements;

/** Provides the kernel that runs everywhere. */
public final class ScalarProvider implements KernelProvider {

    /** Called by the service loader. */
    public ScalarProvider() {}

    @Override
    public String name() {
        return "scalar";
    }

    @Override
    public String contractVersion() {
        return Contract.VERSION;
    }

    @Override
    public Requirements requirements() {
        return Requirements.NONE;
    }

    @Override
    public int rank() {
        return 0;
    }

    @Override
    public boolean checksCpuItself() {
        return true;
    }

    @Override
    public Kernel open() {
        return new ScalarKernel();
    }
}
