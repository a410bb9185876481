package com.example.avx512;

import io.qk256.spi.KernelProvider;
import io.qk256.tck.KernelContract;

/** Runs all rules of the contract. */
class Avx512KernelTest extends KernelContract {

    @Override
    protected KernelProvider provider() {
        return new Avx512Provider();
    }
}
