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

/** Starts children until every test has a result, or the children have died too often. */
final class Supervisor {

    /** This many deaths say enough, and each start takes time. */
    private static final int MAX_DEATHS = 8;

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
    private Optional<String> print = Optional.empty();
    private String lastDeath = "";

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
        skip(todo, "not run: the JVM died " + MAX_DEATHS + " times before, the last time in '" + lastDeath + "'");
    }

    private void skip(List<String> methods, String cause) {
        methods.forEach(
                method -> results.computeIfPresent(method, (key, result) -> result.as(Outcome.SKIPPED, cause, 0)));
    }

    private void runChild(ModulePath modules, List<String> tests) throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("qk256-tck");
        try {
            ChildJvm child = new ChildJvm(directory, modules, options, tests);
            End end = child.await(options.timeLimit(), this::accept);
            print = print.or(child::print);
            if (!done && unknown.isEmpty() && fatal.isEmpty()) {
                died(child, end);
            }
            fatal.ifPresent(cause -> skip(todo, "not run: " + cause));
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

    /** The test that was running has failed, and its rule with it; another child runs the others. */
    private void died(ChildJvm child, End end) throws IOException {
        Death death = child.death();
        String how = end == End.HANGING ? death.ofHanging(child.hanging()) : death.ofExit(child.exitCode());
        if (running.isEmpty()) {
            fatal = Optional.of(options.provider() + ": " + Rules.DETECTION + ": " + phase() + ": " + how);
            return;
        }
        TestResult test = results.get(running.get());
        if (test == null) {
            throw new IllegalStateException("a test that was not planned: " + running.get());
        }
        String message = options.provider() + ": " + test.rule() + ": " + how;
        results.put(test.method(), test.as(Outcome.FAILED, message, 0));
        todo.remove(test.method());
        lastDeath = test.name();
        List<String> others = todo.stream()
                .filter(method -> Optional.ofNullable(results.get(method))
                        .map(other -> other.rule().equals(test.rule()))
                        .orElse(false))
                .toList();
        skip(others, "not run: the JVM died in '" + test.name() + "' before");
        todo.removeAll(others);
        running = Optional.empty();
    }

    private String phase() {
        if (opening) {
            return "while the kernel was opened";
        }
        return results.isEmpty() ? "before the kernel was opened" : "between two tests";
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

    /** Module, version, file and contract version of the provider, if it was found. */
    Optional<Event> provider() {
        return provider;
    }

    /** The existing names, if there is no provider with the name. */
    Optional<List<String>> otherNames() {
        return unknown.map(Event::fields);
    }

    /** What the kernel says about itself, if it was opened. */
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

    /** The results so far, by rule; of all rules, or of the requested ones. */
    List<RuleResult> rules() {
        return Rules.all().stream()
                .filter(rule -> options.rules().isEmpty() || options.rules().contains(rule.number()))
                .map(rule -> new RuleResult(
                        rule,
                        results.values().stream()
                                .filter(result -> result.rule().equals(rule))
                                .map(this::withPrint)
                                .toList()))
                .toList();
    }

    /** Prints of native code, and prints during the tests of other rules, are visible in the child's streams only. */
    private TestResult withPrint(TestResult result) {
        boolean silent = print.isEmpty() || unavailable.isPresent() || result.outcome() == Outcome.FAILED;
        if (silent || !result.rule().toString().equals(Rules.PRINTS_NOTHING)) {
            return result;
        }
        String message = options.provider() + ": " + Rules.PRINTS_NOTHING + ": " + print.orElse("")
                + "; standard output and standard error belong to the application";
        return result.as(Outcome.FAILED, message, result.micros());
    }
}
