package io.qk256.tck;

import io.qk256.spi.KernelProvider;
import io.qk256.spi.Requirements;

/** What a provider says about itself before it is opened. */
record Answers(String name, int rank, String contractVersion, Requirements requirements, boolean checksCpuItself) {

    /** The longest answer that fits in a table. */
    static final int MAX_CHARACTERS = 200;

    static Answers of(KernelProvider provider) {
        return new Answers(
                provider.name(),
                provider.rank(),
                provider.contractVersion(),
                provider.requirements(),
                provider.checksCpuItself());
    }
}
