package com.example.osgi.bundle;

import io.qk256.spi.Contract;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.KernelProvider;
import io.qk256.spi.KernelUnavailableException;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.Requirements;
import java.util.Set;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;

/** Registers kernels as services itself, without a service file: one that is wrong, and one that cannot be opened. */
public final class Services implements BundleActivator {

    @Override
    public void start(BundleContext context) {
        context.registerService(KernelProvider.class, new Provider("wrong"), null);
        context.registerService(KernelProvider.class, new Provider("unavailable"), null);
        context.registerService(KernelProvider.class, new Provider("scalar"), null);
    }

    @Override
    public void stop(BundleContext context) {}

    private record Provider(String name) implements KernelProvider {

        @Override
        public String contractVersion() {
            return Contract.VERSION;
        }

        @Override
        public Requirements requirements() {
            return new Requirements(Set.of(), Set.of());
        }

        @Override
        public int rank() {
            return 1000;
        }

        @Override
        public Kernel open() throws KernelUnavailableException {
            if (name.equals("unavailable")) {
                throw new KernelUnavailableException(
                        "opened by thread " + Thread.currentThread().getName());
            }
            return new Wrong();
        }
    }

    /** Writes nothing. */
    private static final class Wrong extends Kernel {

        @Override
        protected void dequantizeRows(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {}

        @Override
        protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {}

        @Override
        protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {}
    }
}
