package com.example.bytewise;

import io.qk256.spi.KernelProvider;
import io.qk256.tck.KernelContract;

/** The whole test: the kit does the rest. */
class BytewiseKernelTest extends KernelContract {

    @Override
    protected KernelProvider provider() {
        return new BytewiseProvider();
    }
}
