package com.example.avx512;

import io.qk256.spi.KernelProvider;
import io.qk256.tck.KernelContract;

/** The whole contract: the kit does the rest. */
class Avx512KernelTest extends KernelContract {

    @Override
    protected KernelProvider provider() {
        return new Avx512Provider();
    }
}
