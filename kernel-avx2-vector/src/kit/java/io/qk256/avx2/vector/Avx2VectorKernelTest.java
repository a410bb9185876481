package io.qk256.avx2.vector;

import io.qk256.spi.KernelProvider;
import io.qk256.tck.KernelContract;

class Avx2VectorKernelTest extends KernelContract {

    @Override
    protected KernelProvider provider() {
        return new Avx2VectorProvider();
    }
}
