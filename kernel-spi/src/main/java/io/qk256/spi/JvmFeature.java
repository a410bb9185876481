package io.qk256.spi;

/** What a kernel can require of the Java virtual machine. */
public enum JvmFeature {
    /** The compiler that turns Vector API calls into vector instructions (HotSpot's C2, or Graal). */
    OPTIMIZING_COMPILER("optimising compiler"),
    /** The module {@code jdk.incubator.vector} is part of the module graph. */
    VECTOR_API("module jdk.incubator.vector");

    private final String label;

    JvmFeature(String label) {
        this.label = label;
    }

    /** The feature's name in tables and messages. */
    public String label() {
        return label;
    }
}
