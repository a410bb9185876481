package io.qk256.tck;

import io.qk256.spi.Kernel;
import io.qk256.spi.KernelProvider;
import java.util.ArrayList;
import java.util.List;

/** Kernels that are wrong on purpose. Each breaks the rule it is listed with, and may break others too. */
final class WrongKernels {

    /**
     * A wrong kernel.
     *
     * @param name what it does
     * @param rule the rule that must catch it
     * @param provider provides the kernel
     */
    record Wrong(String name, String rule, KernelProvider provider) {

        @Override
        public String toString() {
            return name + " breaks " + rule;
        }
    }

    private final List<Wrong> all = new ArrayList<>();

    private WrongKernels() {}

    static List<Wrong> all() {
        WrongKernels wrong = new WrongKernels();
        WrongValues.addTo(wrong);
        WrongPlaces.addTo(wrong);
        WrongBatches.addTo(wrong);
        WrongManners.addTo(wrong);
        WrongSpecials.addTo(wrong);
        WrongSizes.addTo(wrong);
        WrongNeighbors.addTo(wrong);
        WrongGroups.addTo(wrong);
        WrongWide.addTo(wrong);
        WrongLists.addTo(wrong);
        return List.copyOf(wrong.all);
    }

    void add(String name, String rule, Kernel kernel) {
        add(name, rule, new PlainProvider(name, kernel));
    }

    void add(String name, String rule, KernelProvider provider) {
        all.add(new Wrong(name, rule, provider));
    }
}
