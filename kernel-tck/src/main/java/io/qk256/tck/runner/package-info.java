/**
 * Runs the contract on a provider of any module path, in a JVM of its own, and reports:
 *
 * <pre>
 * java -p MODULES -m io.qk256.tck/io.qk256.tck.runner.TckMain --provider NAME
 * </pre>
 *
 * <p>{@code TckMain} reads the options; {@code Supervisor} starts {@code Child}, which runs the tests and tells of each in
 * a file as an {@code Event}; when the child dies or hangs, {@code Death} says of what, and the supervisor starts another
 * with the remaining rules. The {@code Report} is written by the {@code Format}s.
 */
@NullMarked
package io.qk256.tck.runner;

import org.jspecify.annotations.NullMarked;
