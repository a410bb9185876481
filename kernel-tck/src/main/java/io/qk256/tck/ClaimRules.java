package io.qk256.tck;

import io.qk256.spi.JvmFeature;
import io.qk256.spi.Kernel;
import io.qk256.spi.Requirements;
import io.qk256.spi.selection.KernelSource;
import io.qk256.spi.support.PrintableText;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.opentest4j.TestAbortedException;

/** Rules 36 and 37: what a provider and its kernel say about themselves. */
interface ClaimRules extends RuleGroup {

    @Test
    @DisplayName(Rules.NEEDLESS_CLAIMS)
    default void rule36NoNeedlessClaims() {
        Requirements needs = kernel().answers().requirements();
        boolean claimsVectors = needs.jvm().contains(JvmFeature.VECTOR_API);
        if (needs.cpu().isEmpty() && !claimsVectors) {
            return;
        }
        String origin = KernelSource.of(kernel().provider()).origin();
        CodeAbilities means = means(origin);
        if (!needs.cpu().isEmpty() && !means.nativeCode() && !means.vectorApi()) {
            needless("CPU features " + needs.cpu(), "native code nor the Vector API", origin);
        }
        if (claimsVectors && !means.vectorApi()) {
            needless("the " + JvmFeature.VECTOR_API.label(), "the Vector API", origin);
        }
    }

    private void needless(String claim, String means, String origin) {
        throw new AssertionError(
                kernel().says(Rules.NEEDLESS_CLAIMS) + "the provider requires " + claim + ", but no use of "
                        + means + " was seen in " + origin
                        + "; expected a claim only for what the kernel uses: machines without it could"
                        + " run the kernel");
    }

    private static CodeAbilities means(String origin) {
        try {
            return CodeAbilities.in(Path.of(origin));
        } catch (IOException e) {
            throw new TestAbortedException("the provider's code cannot be read: " + origin, e);
        }
    }

    @Test
    @DisplayName(Rules.SELF_DESCRIPTION)
    default void rule37SelfDescription() {
        Kernel kernel = kernel().kernel();
        String seen = kernel().description(Rules.SELF_DESCRIPTION);
        boolean inherited = seen.startsWith(kernel.getClass().getName() + "@");
        if (inherited || seen.isBlank() || seen.lines().count() != 1) {
            throw new AssertionError(kernel().says(Rules.SELF_DESCRIPTION) + "toString() of the kernel: seen '"
                    + PrintableText.line(seen)
                    + "', expected one line that says what it runs, such as 'AVX2 and FMA, 256 bits'; override it");
        }
    }
}
