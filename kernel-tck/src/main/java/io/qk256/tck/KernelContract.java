package io.qk256.tck;

/** The contract of a kernel. */
public abstract class KernelContract {

    /** For providers' tests. */
    protected KernelContract() {}
}
