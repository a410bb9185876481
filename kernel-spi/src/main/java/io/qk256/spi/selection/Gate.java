package io.qk256.spi.selection;

/** The gates that every candidate passes, in this order. */
public enum Gate {
    /** Its file is sound, and the operator lets it be used. */
    INSTALLED("installed"),
    /** All modules that it needs are there, and it provides a kernel. */
    RESOLVED("resolved"),
    /** It came to the end of all further gates in a child process, if it is probed. */
    PROBED("probed"),
    /** The provider could be made, and told its name and rank; no other has the same name. */
    FOUND("found"),
    /** It was built for this contract. */
    CONTRACT("contract version"),
    /** The CPU has what it needs. */
    CPU("CPU features"),
    /** The JVM has what it needs. */
    JVM("JVM"),
    /** It opened: native code loaded, resources present. */
    OPENED("opened"),
    /** It gave the known answers. */
    SELF_TEST("self-test");

    private final String label;

    Gate(String label) {
        this.label = label;
    }

    /** The gate in words. */
    public String label() {
        return label;
    }
}
