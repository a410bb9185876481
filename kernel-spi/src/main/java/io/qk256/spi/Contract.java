package io.qk256.spi;

/** The version of this contract. */
public final class Contract {

    /**
     * The version, {@code major.minor}. A new major version breaks providers and a new minor version does not; versions
     * before 1.0 were not final, and no provider built for them is accepted. This is a compile-time constant: a provider that returns it reports the contract it was compiled
     * against, not the one it runs with.
     */
    public static final String VERSION = "1.0";

    private Contract() {}
}
