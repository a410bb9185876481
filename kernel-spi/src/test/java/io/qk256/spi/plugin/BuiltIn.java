package io.qk256.spi.plugin;

import io.qk256.spi.Contract;
import io.qk256.spi.Kernel;
import io.qk256.spi.KernelProvider;
import io.qk256.spi.Requirements;
import io.qk256.spi.selection.PlainKernel;

/** The application's own kernel, used next to hostile plugins. */
final class BuiltIn implements KernelProvider {

    @Override
    public String name() {
        return "builtin";
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
    public Kernel open() {
        return new PlainKernel();
    }
}
