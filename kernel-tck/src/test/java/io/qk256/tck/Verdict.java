package io.qk256.tck;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import io.qk256.spi.KernelProvider;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.MethodOrdererContext;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.engine.FilterResult;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.PostDiscoveryFilter;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * The verdict of the contract on a provider: its tests by display name.
 *
 * @param passed the tests that passed
 * @param failed the messages of the tests that failed
 * @param skipped the reasons of the tests that were skipped
 * @param talk what was printed to standard error
 */
record Verdict(Set<String> passed, Map<String, String> failed, Map<String, String> skipped, String talk) {

    private static final ScopedValue<KernelProvider> SUSPECT = ScopedValue.newInstance();

    /** Whether the tests continue; if not set, they continue whatever happens. */
    private static final ScopedValue<AtomicBoolean> PATIENCE = ScopedValue.newInstance();

    /** The test that runs first. */
    private static final ScopedValue<String> LIKELY = ScopedValue.newInstance();

    /** The contract as a provider's author writes it; not named like a test, so that nothing else runs it. */
    @ExtendWith(Impatience.class)
    @TestMethodOrder(LikelyFirst.class)
    static class ContractOfSuspect extends KernelContract {

        @Override
        protected KernelProvider provider() {
            return SUSPECT.get();
        }
    }

    /** Begins with the test that is likely to fail, if one is known. */
    static final class LikelyFirst implements MethodOrderer {

        @Override
        public void orderMethods(MethodOrdererContext context) {
            if (LIKELY.isBound()) {
                context.getMethodDescriptors()
                        .sort(Comparator.comparing(
                                test -> !test.getDisplayName().equals(LIKELY.get())));
            }
        }
    }

    /** Ends the tests at the first failure, on request. */
    static final class Impatience implements ExecutionCondition, AfterTestExecutionCallback {

        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            return !PATIENCE.isBound() || PATIENCE.get().get()
                    ? ConditionEvaluationResult.enabled("nothing failed yet")
                    : ConditionEvaluationResult.disabled("another test failed");
        }

        @Override
        public void afterTestExecution(ExtensionContext context) {
            if (PATIENCE.isBound() && context.getExecutionException().isPresent()) {
                PATIENCE.get().set(false);
            }
        }
    }

    /** Runs the tests of a rule; all tests if it is empty. */
    static Verdict of(KernelProvider provider, String rule) {
        return of(
                provider,
                Rules.all().stream()
                        .filter(each -> rule.isEmpty() || each.toString().equals(rule))
                        .toList());
    }

    /** Runs the tests of a rule until one fails, first the likely one; the others count as skipped. */
    static Verdict untilTheFirstFailure(KernelProvider provider, Rule rule, String likely) {
        return ScopedValue.where(PATIENCE, new AtomicBoolean(true))
                .where(LIKELY, likely)
                .call(() -> of(provider, List.of(rule)));
    }

    /** Runs the tests of some rules. */
    static Verdict of(KernelProvider provider, List<Rule> rules) {
        PostDiscoveryFilter ofRule = test -> FilterResult.includedIf(
                test.isContainer() || rules.stream().anyMatch(rule -> rule.isOf(test.getDisplayName())));
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                .selectors(selectClass(ContractOfSuspect.class))
                .filters(ofRule)
                .build();
        Listener listener = new Listener();
        ByteArrayOutputStream talk = new ByteArrayOutputStream();
        PrintStream standardError = System.err;
        System.setErr(new PrintStream(talk, true, UTF_8));
        try {
            ScopedValue.where(SUSPECT, provider)
                    .run(() -> LauncherFactory.create().execute(request, listener));
        } finally {
            System.setErr(standardError);
        }
        return new Verdict(listener.passed, listener.failed, listener.skipped, talk.toString(UTF_8));
    }

    /** The display names of all tests; runs none of them. */
    static List<String> tests() {
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                .selectors(selectClass(ContractOfSuspect.class))
                .build();
        TestPlan plan = LauncherFactory.create().discover(request);
        return plan.getRoots().stream()
                .flatMap(root -> plan.getDescendants(root).stream())
                .filter(TestIdentifier::isTest)
                .map(TestIdentifier::getDisplayName)
                .toList();
    }

    /** The rules that failed. */
    List<Rule> broken() {
        return Rules.all().stream()
                .filter(rule -> failed.keySet().stream().anyMatch(rule::isOf))
                .toList();
    }

    private static final class Listener implements TestExecutionListener {

        private final Set<String> passed = new TreeSet<>();
        private final Map<String, String> failed = new TreeMap<>();
        private final Map<String, String> skipped = new TreeMap<>();

        @Override
        public void executionSkipped(TestIdentifier test, String reason) {
            skipped.put(test.getDisplayName(), reason);
        }

        @Override
        public void executionFinished(TestIdentifier test, TestExecutionResult result) {
            String message = result.getThrowable()
                    .map(Throwable::getMessage)
                    .map(String::valueOf)
                    .orElse("");
            switch (result.getStatus()) {
                case SUCCESSFUL -> {
                    if (test.isTest()) {
                        passed.add(test.getDisplayName());
                    }
                }
                case ABORTED -> skipped.put(test.getDisplayName(), message);
                case FAILED -> failed.put(test.getDisplayName(), message);
            }
        }
    }
}
