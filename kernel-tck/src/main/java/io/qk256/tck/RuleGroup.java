package io.qk256.tck;

/** Some of the rules, as tests that {@link KernelContract} inherits. */
interface RuleGroup {

    /** The kernel under test. */
    KernelUnderTest kernel();
}
