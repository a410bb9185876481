package io.qk256.scalar;

import io.qk256.spi.KernelProvider;
import io.qk256.tck.KernelContract;

class ScalarKernelTest extends KernelContract {

    @Override
    protected KernelProvider provider() {
        return new ScalarProvider();
    }
}
