package io.qk256.tck;

import io.qk256.spi.KernelProvider;
import java.util.Optional;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The contract of a kernel as tests. A provider passes the compatibility kit if this passes:
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
 * <p>Each test has the number and the words of one of the {@link Rules} in its name, and so has each failure, with the
 * operation, the shape, the seed, the place, the value seen and the value expected:
 *
 * <pre>
 * my-kernel: rule 5 partial block: f32 product 1x300, QK256, seed 54321, off-heap: row 0: seen 38.719017, expected
 * 71.9265866279602 +- 7.2e-03
 * </pre>
 *
 * <p>A kernel that this machine cannot run is skipped, with the reason; the tests of {@link Rules#DETECTION} that try
 * refusals on invented machines run all the same.
 *
 * <p>System properties:
 *
 * <ul>
 *   <li>{@code qk256.tck.require}: names of kernels, separated by commas, for which being skipped is a failure
 *   <li>{@code qk256.tck.rules}: {@code core} for rules 1 to 12 alone, which say nothing of all others; {@code all} if it is not
 *       set
 *   <li>{@code qk256.tck.random}: number of random cases, 200 if it is not set; 10000 take some seconds
 *   <li>{@code qk256.tck.firstSeed}: the seed of the first random case, 0 if it is not set
 *   <li>{@code qk256.tck.seed}: the one random case to run
 *   <li>{@code qk256.tck.guardPages}: {@code true} puts off-heap operands beside pages that cannot be touched. A kernel
 *       that leaves its memory then kills the JVM, and with it the build's report; the runner, {@code java -m
 *       io.qk256.tck/io.qk256.tck.runner.TckMain}, always does that, in a JVM of its own, and names the rule. Without guard
 *       pages, bytes around the operands tell of stray writes
 * </ul>
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.MethodName.class)
@ExtendWith(ChosenRules.class)
@SuppressWarnings("exports") // Nobody names the extension but this class.
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
                DigitRules {

    private Optional<KernelUnderTest> kernel = Optional.empty();

    /** For providers' tests. */
    protected KernelContract() {}

    /** The provider to test; asked for once. */
    protected abstract KernelProvider provider();

    /** For the kit's own tests. */
    @Override
    public final synchronized KernelUnderTest kernel() {
        if (kernel.isEmpty()) {
            kernel = Optional.of(new KernelUnderTest(provider()));
        }
        return kernel.get();
    }
}
