package io.qk256.tck.runner;

import io.qk256.tck.Rule;
import io.qk256.tck.Rules;
import io.qk256.tck.runner.ChildJvm.End;
import io.qk256.tck.runner.TestResult.Outcome;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Starts children until every test has its result, or the children die too often. */
final class Supervisor {

    /** So many deaths tell enough; each start takes time. */
    private static final int MAX_DEATHS = 8;

    private static final String DIED_BEFORE = "not run: the JVM died in another test of this rule";
    private static final String TOO_MANY = "not run: the JVM died " + MAX_DEATHS + " times before";

    private final Options options;
    private final Map<String, TestResult> results = new LinkedHashMap<>();
    private List<String> todo = new ArrayList<>();
    private Optional<Event> provider = Optional.empty();
    private Optional<Event> unknown = Optional.empty();
    private Optional<String> unavailable = Optional.empty();
    private Optional<String> fatal = Optional.empty();
    private Optional<String> description = Optional.empty();
    private String guardPages = "";
    private Optional<String> running = Optional.empty();
    private boolean opening;
    private boolean done;

    Supervisor(Options options) {
        this.options = options;
    }

    /** Runs all tests. */
    void run() throws IOException, InterruptedException {
        ModulePath modules = new ModulePath(options);
        List<String> tests = options.rules().stream().map("rule%02d"::formatted).toList();
        for (int deaths = 0; deaths < MAX_DEATHS; deaths++) {
            runChild(modules, tests);
            if (done || fatal.isPresent() || unknown.isPresent()) {
                return;
            }
            tests = List.copyOf(todo);
            if (tests.isEmpty()) {
                return;
            }
        }
        todo.forEach(
                test -> results.computeIfPresent(test, (method, result) -> result.as(Outcome.SKIPPED, TOO_MANY, 0)));
    }

    private void runChild(ModulePath modules, List<String> tests) throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("qk256-tck");
        try {
            ChildJvm child = new ChildJvm(directory, modules, options, tests);
            End end = child.await(options.timeLimit(), this::accept);
            if (!done && unknown.isEmpty() && fatal.isEmpty()) {
                died(child, end);
            }
        } finally {
            delete(directory);
        }
    }

    private void accept(Event event) {
        switch (event.kind()) {
            case PROVIDER -> provider = Optional.of(event);
            case UNKNOWN -> unknown = Optional.of(event);
            case UNAVAILABLE -> unavailable = Optional.of(event.field(0));
            case GUARD_PAGES -> guardPages = event.field(0);
            case OPENING -> opening = true;
            case OPENED -> description = Optional.of(event.field(0));
            case PLANNED -> plan(event.field(0), event.field(1));
            case STARTED -> running = Optional.of(event.field(0));
            case PASSED -> finished(event, Outcome.PASSED);
            case SKIPPED -> finished(event, Outcome.SKIPPED);
            case FAILED -> finished(event, Outcome.FAILED);
            case DONE -> done = true;
        }
    }

    private void plan(String method, String name) {
        opening = false;
        results.computeIfAbsent(method, key -> {
            todo.add(key);
            return new TestResult(key, name, ruleOf(name), Outcome.SKIPPED, 0, "not run");
        });
    }

    private static Rule ruleOf(String testName) {
        return Rules.all().stream()
                .filter(rule -> rule.isOf(testName))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("the test '" + testName + "' is of no rule"));
    }

    private void finished(Event event, Outcome outcome) {
        String method = event.field(0);
        if (method.isEmpty()) {
            fatal = Optional.of("the tests could not be run: " + event.field(1));
            return;
        }
        running = Optional.empty();
        todo.remove(method);
        results.computeIfPresent(
                method, (key, result) -> result.as(outcome, event.field(1), Long.parseLong(event.field(2))));
    }

    /** The test that was running has failed, and with it its rule; the others will be run by another child. */
    private void died(ChildJvm child, End end) throws IOException {
        Death death = child.death();
        String how =
                end == End.HANGING ? death.ofHanging(options.timeLimit().toSeconds()) : death.ofExit(child.exitCode());
        if (running.isEmpty()) {
            fatal = Optional.of(
                    opening
                            ? options.provider() + ": " + Rules.DETECTION + ": while the kernel was opened: " + how
                            : "the JVM for the tests did not get as far as the tests, exit code " + child.exitCode()
                                    + ": " + child.talk());
            return;
        }
        TestResult test = results.get(running.get());
        if (test == null) {
            throw new IllegalStateException("a test that was not planned: " + running.get());
        }
        String message = options.provider() + ": " + test.rule() + ": " + how;
        results.put(test.method(), test.as(Outcome.FAILED, message, 0));
        todo.remove(test.method());
        for (String method : List.copyOf(todo)) {
            TestResult other = results.get(method);
            if (other != null && other.rule().equals(test.rule())) {
                results.put(method, other.as(Outcome.SKIPPED, DIED_BEFORE, 0));
                todo.remove(method);
            }
        }
        running = Optional.empty();
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            files.forEach(file -> {
                try {
                    Files.delete(file);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
        Files.delete(directory);
    }

    /** Module, version, file and contract of the provider, if it was found. */
    Optional<Event> provider() {
        return provider;
    }

    /** The names that there are, if there is no provider of the name. */
    Optional<List<String>> otherNames() {
        return unknown.map(Event::fields);
    }

    /** What the kernel says of itself, if it was opened. */
    Optional<String> description() {
        return description;
    }

    Optional<String> unavailable() {
        return unavailable;
    }

    /** Why there is no result at all. */
    Optional<String> fatal() {
        return fatal;
    }

    /** Why there were no guard pages; empty if there were. */
    String guardPages() {
        return guardPages;
    }

    /** The results so far, rule by rule; of all rules, or of those asked for. */
    List<RuleResult> rules() {
        return Rules.all().stream()
                .filter(rule -> options.rules().isEmpty() || options.rules().contains(rule.number()))
                .map(rule -> new RuleResult(
                        rule,
                        results.values().stream()
                                .filter(result -> result.rule().equals(rule))
                                .toList()))
                .toList();
    }
}
