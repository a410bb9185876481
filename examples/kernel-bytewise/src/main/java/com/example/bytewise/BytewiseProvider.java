package com.example.bytewise;

import io.qk256.spi.Contract;
import io.qk256.spi.Kernel;
import io.qk256.spi.KernelProvider;
import io.qk256.spi.Requirements;

/** Tells what the kernel is called, what it needs, and how fast it claims to be. */
public final class BytewiseProvider implements KernelProvider {

    @Override
    public String name() {
        return "bytewise";
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
        return 50;
    }

    @Override
    public Kernel open() {
        return new BytewiseKernel();
    }
}
