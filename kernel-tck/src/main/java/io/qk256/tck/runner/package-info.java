/**
 * Runs the contract on a provider from any module path, in a separate JVM, and reports:
 *
 * <pre>
 * java -p MODULES -m io.qk256.tck/io.qk256.tck.runner.TckMain --provider NAME
 * </pre>
 *
 * <p>{@code TckMain} reads the options. {@code Supervisor} starts {@code Child}, which runs the tests and reports each
 * one in a file as an {@code Event}. If the child dies or hangs, {@code Death} says why, and the supervisor starts
 * another one with the remaining rules. The {@code Format}s write the {@code Report}.
 */
@NullMarked
package io.qk256.tck.runner;

import org.jspecify.annotations.NullMarked;
