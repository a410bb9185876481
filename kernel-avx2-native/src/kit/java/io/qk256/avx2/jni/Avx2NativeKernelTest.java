package io.qk256.avx2.jni;

import io.qk256.spi.KernelProvider;
import io.qk256.tck.KernelContract;

class Avx2NativeKernelTest extends KernelContract {

    @Override
    protected KernelProvider provider() {
        return new Avx2NativeProvider();
    }
}
