package io.qk256.spi;

/** The version of this contract. */
public final class Contract {

    /**
     * The version, {@code major.minor}. A new major breaks providers, a new minor does not. This is a
     * compile-time constant: a provider that returns it reports the contract it was compiled against, not
     * the one it runs with.
     */
    public static final String VERSION = "1.0";

    private Contract() {}
}
