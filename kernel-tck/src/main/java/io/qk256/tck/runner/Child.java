package io.qk256.tck.runner;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import io.qk256.spi.KernelProvider;
import io.qk256.spi.selection.KernelSource;
import io.qk256.tck.GuardPages;
import io.qk256.tck.KernelContract;
import io.qk256.tck.KernelUnderTest;
import io.qk256.tck.runner.Event.Kind;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.platform.engine.FilterResult;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.PostDiscoveryFilter;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * The JVM that the provider's code runs in. Arguments: the file for events, the provider's name, then the test methods
 * to run; without any, all are run.
 */
final class Child {

    private final OutputStream events;
    private final StandardStreams streams = new StandardStreams();

    private Child(OutputStream events) {
        this.events = events;
    }

    /** Runs the contract. */
    public static void main(String[] args) throws IOException {
        try (OutputStream events = new FileOutputStream(args[0], true)) {
            Set<String> tests = Set.copyOf(Arrays.asList(args).subList(2, args.length));
            new Child(events).run(args[1], tests);
        }
        System.exit(0); // Even if the kernel has left threads running.
    }

    private void run(String name, Set<String> tests) {
        List<String> names = new ArrayList<>();
        Optional<Found> found = find(name, names);
        streams.mark(Talk.NOBODY);
        if (found.isEmpty()) {
            tell(Kind.UNKNOWN, names.toArray(String[]::new));
            return;
        }
        found.get().tell(this);
        tell(Kind.GUARD_PAGES, GuardPages.obstacle().orElse(""));
        tell(Kind.OPENING);
        streams.mark("open() and the self-test");
        TestedContract.provider = found.get().provider;
        KernelUnderTest kernel = new TestedContract().kernel();
        kernel.unavailable().ifPresent(reason -> tell(Kind.UNAVAILABLE, reason));
        kernel.description().ifPresent(description -> tell(Kind.OPENED, description));
        streams.mark(Talk.NOBODY);
        LauncherDiscoveryRequestBuilder request =
                LauncherDiscoveryRequestBuilder.request().selectors(selectClass(TestedContract.class));
        if (!tests.isEmpty()) {
            PostDiscoveryFilter asked = test -> FilterResult.includedIf(test.getSource()
                    .map(Child::method)
                    .map(method -> isAskedFor(method, tests))
                    .orElse(true));
            request.filters(asked);
        }
        Launcher launcher = LauncherFactory.create();
        launcher.execute(request.build(), new Listener(this));
        streams.mark(Talk.NOBODY);
        tell(Kind.DONE);
    }

    /** Writes one event per line. A line cut short by the JVM's death has no newline and is ignored. */
    private synchronized void tell(Kind kind, String... fields) {
        try {
            events.write((Event.of(kind, fields).line() + "\n").getBytes(UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Optional<Found> find(String name, List<String> names) {
        for (KernelSource source : KernelSource.find()) {
            try {
                streams.mark("the provider's constructor and name()");
                KernelProvider provider = source.provider().get();
                String its = String.valueOf(provider.name());
                names.add(its);
                if (its.equals(name)) {
                    return Optional.of(new Found(source, provider));
                }
            } catch (RuntimeException | Error e) {
                names.add(source.label() + " (broken: " + e + ")");
            }
            streams.mark(Talk.FORGET);
        }
        return Optional.empty();
    }

    private record Found(KernelSource source, KernelProvider provider) {

        void tell(Child child) {
            String version = Optional.ofNullable(provider.getClass().getModule().getDescriptor())
                    .flatMap(module -> module.rawVersion())
                    .orElse("");
            child.tell(
                    Kind.PROVIDER,
                    source.module(),
                    version,
                    source.origin(),
                    String.valueOf(provider.contractVersion()));
        }
    }

    /** Whether a test is requested by its method name, or by its rule: {@code rule05}. */
    private static boolean isAskedFor(String method, Set<String> tests) {
        return method.isEmpty() || tests.stream().anyMatch(test -> test.equals(method) || test.equals(ruleOf(method)));
    }

    private static String ruleOf(String method) {
        return method.substring(0, Math.min(method.length(), "rule00".length()));
    }

    private static String method(TestSource source) {
        return source instanceof MethodSource method ? method.getMethodName() : "";
    }

    /** The test class that JUnit runs. */
    static final class TestedContract extends KernelContract {

        private static @Nullable KernelProvider provider;

        @Override
        protected KernelProvider provider() {
            if (provider == null) {
                throw new IllegalStateException("no provider was chosen");
            }
            return provider;
        }
    }

    private static final class Listener implements TestExecutionListener {

        private final Child child;
        private long started;

        Listener(Child child) {
            this.child = child;
        }

        @Override
        public void testPlanExecutionStarted(TestPlan plan) {
            Set<TestIdentifier> tests = plan.getRoots().stream()
                    .flatMap(root -> plan.getDescendants(root).stream())
                    .filter(TestIdentifier::isTest)
                    .collect(Collectors.toSet());
            tests.stream()
                    .map(test -> List.of(name(test), test.getDisplayName()))
                    .sorted((a, b) -> a.getFirst().compareTo(b.getFirst()))
                    .forEach(test -> child.tell(Kind.PLANNED, test.get(0), test.get(1)));
        }

        @Override
        public void executionStarted(TestIdentifier test) {
            if (test.isTest()) {
                child.streams.mark(test.getDisplayName());
                started = System.nanoTime();
                child.tell(Kind.STARTED, name(test));
            }
        }

        @Override
        public void executionSkipped(TestIdentifier test, String reason) {
            child.tell(Kind.SKIPPED, name(test), reason, "0");
        }

        @Override
        public void executionFinished(TestIdentifier test, TestExecutionResult result) {
            String message = result.getThrowable()
                    .map(thrown -> Optional.ofNullable(thrown.getMessage()).orElse(thrown.toString()))
                    .orElse("");
            Kind kind = switch (result.getStatus()) {
                case SUCCESSFUL -> Kind.PASSED;
                case ABORTED -> Kind.SKIPPED;
                case FAILED -> Kind.FAILED;
            };
            if (test.isTest() || kind != Kind.PASSED) {
                long micros = test.isTest() ? (System.nanoTime() - started) / 1000 : 0;
                child.tell(kind, name(test), message, Long.toString(micros));
            }
        }

        private static String name(TestIdentifier test) {
            return test.getSource().map(Child::method).orElse("");
        }
    }
}
