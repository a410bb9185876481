package io.qk256.tck;

import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Skips the rules that the system property {@code qk256.tck.rules} does not ask for. */
final class ChosenRules implements ExecutionCondition {

    private static final String RULES = "qk256.tck.rules";
    private static final String CORE = "core";
    private static final String ALL = "all";

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        String chosen = System.getProperty(RULES, ALL);
        if (!chosen.equals(ALL) && !chosen.equals(CORE)) {
            throw new IllegalArgumentException(RULES + ": '" + chosen + "', expected " + CORE + " or " + ALL);
        }
        String name = context.getDisplayName();
        boolean leftOut =
                chosen.equals(CORE) && Rules.all().stream().anyMatch(rule -> !rule.isCore() && rule.isOf(name));
        return leftOut
                ? ConditionEvaluationResult.disabled("-D" + RULES + "=" + CORE + " was given")
                : ConditionEvaluationResult.enabled("");
    }
}
