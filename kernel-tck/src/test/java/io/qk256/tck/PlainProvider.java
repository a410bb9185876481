package io.qk256.tck;

import io.qk256.spi.Contract;
import io.qk256.spi.Kernel;
import io.qk256.spi.KernelProvider;
import io.qk256.spi.KernelUnavailableException;
import io.qk256.spi.Requirements;

/** Provides an existing kernel that has no requirements. */
class PlainProvider implements KernelProvider {

    private final String name;
    private final Kernel kernel;

    PlainProvider(String name, Kernel kernel) {
        this.name = name;
        this.kernel = kernel;
    }

    @Override
    public String name() {
        return name;
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
        return 1;
    }

    @Override
    public Kernel open() throws KernelUnavailableException {
        return kernel;
    }
}
