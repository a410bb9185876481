package io.qk256.spi.selection;

/** The checks that every candidate must pass, in this order. */
public enum Gate {
    /** Its file is valid, and the operator allows its use. */
    INSTALLED("installed"),
    /** All modules that it needs are present, and it provides a kernel. */
    RESOLVED("resolved"),
    /** If it is probed: it reached the end of all further gates in a child process. */
    PROBED("probed"),
    /** The provider could be created and returned its name and rank; no other provider has the same name. */
    FOUND("found"),
    /** It was built for this contract. */
    CONTRACT("contract version"),
    /** The CPU has the features it requires. */
    CPU("CPU features"),
    /** The JVM has the features it requires. */
    JVM("JVM"),
    /** It opened: native code was loaded, resources are present. */
    OPENED("opened"),
    /** It returned the known answers. */
    SELF_TEST("self-test");

    private final String label;

    Gate(String label) {
        this.label = label;
    }

    /** The gate's name in tables and messages. */
    public String label() {
        return label;
    }
}
