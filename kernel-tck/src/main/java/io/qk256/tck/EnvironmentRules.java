package io.qk256.tck;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Rules 38 and 39: what the kernel does to the state that it shares with all other code. */
interface EnvironmentRules extends RuleGroup {

    /**
     * The calls of all other rules in the same JVM are watched too; these are the rule's own, for when it runs
     * alone.
     */
    @Test
    @DisplayName(Rules.FLOAT_ENVIRONMENT)
    default void rule38FloatEnvironment() {
        for (Problem problem : problems()) {
            Trial trial = kernel().trial(Rules.FLOAT_ENVIRONMENT, problem);
            for (OperationUnderTest operation : OperationUnderTest.values()) {
                trial.run(operation);
                trial.at(Placement.HEAP).run(operation);
                trial.rows(problem.rows() - 1, problem.rows()).run(operation);
            }
        }
        kernel().floatEnvironment().change().ifPresent(change -> {
            throw new AssertionError(kernel().says(Rules.FLOAT_ENVIRONMENT) + change);
        });
    }

    /** The runner sees more: the calls of all other rules, and what native code prints. */
    @Test
    @DisplayName(Rules.PRINTS_NOTHING)
    default void rule39PrintsNothing() {
        PrintWatch prints = kernel().prints();
        for (Problem problem : problems()) {
            Trial trial = kernel().trial(Rules.PRINTS_NOTHING, problem);
            for (OperationUnderTest operation : OperationUnderTest.values()) {
                prints.during(trial.what(operation), () -> trial.run(operation));
            }
        }
        prints.during("toString()", () -> kernel().description(Rules.PRINTS_NOTHING));
        prints.during("the questions after open()", () -> Answers.of(kernel().provider()));
        prints.print().ifPresent(print -> {
            throw new AssertionError(kernel().says(Rules.PRINTS_NOTHING) + print
                    + "; standard output and standard error belong to the application");
        });
    }

    private static List<Problem> problems() {
        Problem some = Problem.random(5, 300, 38).withRandomBlockScales();
        return List.of(
                Problem.random(1, 1, 38),
                Problem.random(1, 4096, 38),
                Problem.random(17, 1030, 38).withColumns(17),
                some,
                some.withColumns(1),
                some.withColumns(8),
                some.withX(7, Float.NaN).withTensorScale(Float.POSITIVE_INFINITY),
                some.withX("all x 1e38", col -> 1e38f).withActivationScale(Float.MIN_VALUE),
                some.withX("x subnormal", col -> (col - 128) * Float.MIN_VALUE).withTensorScale(Float.MIN_VALUE));
    }
}
