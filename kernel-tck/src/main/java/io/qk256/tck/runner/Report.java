package io.qk256.tck.runner;

import io.qk256.spi.Contract;
import io.qk256.spi.support.OutputFile;
import io.qk256.tck.Rule.Level;
import io.qk256.tck.runner.TestResult.Outcome;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * The result of a run.
 *
 * @param provider the kernel's name
 * @param verdict the result in one word
 * @param reason the result in one line
 * @param artifact what was tested
 * @param description what the kernel says about itself, if it was opened
 * @param complete whether all rules were run
 * @param rules the result of each rule
 * @param guardPages why there were no guard pages; empty if there were
 * @param seed the seed of the first random case
 * @param repeat the command that repeats the run
 * @param date when it ended
 * @param millis how long it took
 */
record Report(
        String provider,
        Verdict verdict,
        String reason,
        Optional<TestedArtifact> artifact,
        Optional<String> description,
        boolean complete,
        List<RuleResult> rules,
        String guardPages,
        long seed,
        String repeat,
        Instant date,
        long millis) {

    enum Verdict {
        /** Every rule that a kernel must keep has passed. */
        PASSED("passed", 0),
        /** A rule that a kernel must keep has failed or did not run. */
        FAILED("failed", 1),
        /** The machine lacks what the kernel requires; this says nothing about the kernel. */
        CANNOT_RUN("cannot be run here", 3);

        private final String label;
        private final int exitCode;

        Verdict(String label, int exitCode) {
            this.label = label;
            this.exitCode = exitCode;
        }

        String label() {
            return label;
        }

        int exitCode() {
            return exitCode;
        }
    }

    static Report of(Supervisor run, Options options, long millis) throws IOException {
        List<RuleResult> rules = run.rules();
        Verdict verdict = verdict(run, rules);
        String reason = run.fatal().orElseGet(() -> reason(verdict, run, rules));
        Optional<TestedArtifact> artifact = run.provider().isPresent()
                ? Optional.of(TestedArtifact.of(run.provider().get(), options.plugin()))
                : Optional.empty();
        return new Report(
                options.provider(),
                verdict,
                reason,
                artifact,
                run.description(),
                options.rules().isEmpty(),
                rules,
                run.guardPages(),
                options.seed(),
                Host.command(options),
                Instant.now(),
                millis);
    }

    private static Verdict verdict(Supervisor run, List<RuleResult> rules) {
        boolean failed = rules.stream().anyMatch(rule -> rule.outcome() == Outcome.FAILED && rule.isBroken());
        if (failed || run.fatal().isPresent()) {
            return Verdict.FAILED;
        }
        if (run.unavailable().isPresent()) {
            return Verdict.CANNOT_RUN;
        }
        return rules.isEmpty() || rules.stream().anyMatch(RuleResult::isBroken) ? Verdict.FAILED : Verdict.PASSED;
    }

    private static String reason(Verdict verdict, Supervisor run, List<RuleResult> rules) {
        return switch (verdict) {
            case PASSED ->
                count(rules, Level.MUST, Outcome.PASSED) + " of " + size(rules, Level.MUST)
                        + " MUST rules passed, " + count(rules, Level.SHOULD, Outcome.PASSED) + " of "
                        + size(rules, Level.SHOULD) + " SHOULD rules";
            case FAILED ->
                count(rules, Level.MUST, Outcome.FAILED) + " of " + size(rules, Level.MUST) + " MUST rules failed, "
                        + count(rules, Level.MUST, Outcome.SKIPPED) + " did not run";
            case CANNOT_RUN -> run.unavailable().orElse("");
        };
    }

    private static long count(List<RuleResult> rules, Level level, Outcome outcome) {
        return rules.stream()
                .filter(rule -> rule.rule().level() == level && rule.outcome() == outcome)
                .count();
    }

    private static long size(List<RuleResult> rules, Level level) {
        return rules.stream().filter(rule -> rule.rule().level() == level).count();
    }

    /** The contract version of the TCK that tested. */
    static String contract() {
        return Contract.VERSION;
    }

    /**
     * Writes the certificate.
     *
     * @return whether there was anything to certify
     * @throws IOException if the provider is not a jar, or the file cannot be written
     */
    boolean certify(OutputFile certificate) throws IOException {
        if (verdict != Verdict.PASSED) {
            return false;
        }
        if (artifact.flatMap(TestedArtifact::sha256).isEmpty()) {
            throw new IOException("no certificate: the kernel comes from "
                    + artifact.map(TestedArtifact::file).orElse("nowhere") + ", expected a jar");
        }
        certificate.write(Format.JSON.write(this));
        return true;
    }
}
