package io.qk256.tck;

import io.qk256.spi.KernelProvider;
import java.util.Optional;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The contract of a kernel as tests. A provider that passes them passes the TCK:
 *
 * <pre>{@code
 * class MyKernelTest extends KernelContract {
 *     @Override
 *     protected KernelProvider provider() {
 *         return new MyProvider();
 *     }
 * }
 * }</pre>
 *
 * <p>The name of each test starts with the number and name of one of the {@link Rules}. So does each failure, followed
 * by the operation, the shape, the seed, the place, the value seen and the value expected:
 *
 * <pre>
 * my-kernel: rule 5 partial block: f32 product 1x300, QK256, seed 54321, off-heap: row 0: seen 38.719017, expected
 * 71.9265866279602 +- 7.2e-03
 * </pre>
 *
 * <p>A kernel that cannot run on this machine is skipped, with the reason; the tests of {@link Rules#DETECTION} that
 * test rejections on simulated machines still run.
 *
 * <p>System properties:
 *
 * <ul>
 *   <li>{@code qk256.tck.require}: names of kernels, separated by commas, that must not be skipped
 *   <li>{@code qk256.tck.rules}: {@code core} to run rules 1 to 12 only, or {@code all}, the default. A {@code core}
 * run
 *       says nothing about the other rules
 *   <li>{@code qk256.tck.random}: number of random cases, 200 by default; 10000 take some seconds
 *   <li>{@code qk256.tck.firstSeed}: the seed of the first random case, 0 by default
 *   <li>{@code qk256.tck.seed}: the only random case to run
 *   <li>{@code qk256.tck.guardPages}: {@code true} places off-heap operands next to inaccessible pages. A kernel
 *       that accesses memory out of bounds then kills the JVM, and with it the build's report. The runner, {@code java
 *     -m
 *       io.qk256.tck/io.qk256.tck.runner.TckMain}, always uses guard pages, in a separate JVM, and names the rule.
 *     Without
 *       guard pages, bytes around the operands reveal stray writes
 * </ul>
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.MethodName.class)
@ExtendWith(ChosenRules.class)
@SuppressWarnings("exports") // Only this class names the extension.
public abstract class KernelContract
        implements CoreRules,
                DetectionRules,
                ShapeRules,
                ValueRules,
                NotFiniteRules,
                RangeRules,
                MemoryRules,
                StateRules,
                RandomRules,
                BatchRules,
                RefusalRules,
                ClaimRules,
                EnvironmentRules,
                LeakRules,
                AnswerRules,
                LargeRules,
                NeighborRules,
                DigitRules,
                GroupRules,
                WideRules,
                ListRules {

    private Optional<KernelUnderTest> kernel = Optional.empty();

    /** For subclasses. */
    protected KernelContract() {}

    /** Returns the provider to test; called once. */
    protected abstract KernelProvider provider();

    /** For the TCK's own tests. */
    @Override
    public final synchronized KernelUnderTest kernel() {
        if (kernel.isEmpty()) {
            kernel = Optional.of(new KernelUnderTest(provider()));
        }
        return kernel.get();
    }
}
