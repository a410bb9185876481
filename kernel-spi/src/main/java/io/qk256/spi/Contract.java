package io.qk256.spi;

/** The version of this contract. */
public final class Contract {

    /**
     * The version, {@code major.minor}. While the major version is 0 the contract is not final: any other
     * version breaks providers. From 1.0 on, a new major version breaks providers and a new minor version does
     * not. This is a compile-time constant: a provider that returns it reports the contract it was compiled
     * against, not the one it runs with.
     */
    public static final String VERSION = "0.11";

    private Contract() {}
}
