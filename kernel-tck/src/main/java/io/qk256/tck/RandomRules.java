package io.qk256.tck;

import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Rule 32: everything at once. */
interface RandomRules extends RuleGroup {

    @Test
    @DisplayName(Rules.RANDOM)
    default void rule32RandomCases() {
        Optional<Long> only = property("qk256.tck.seed");
        if (only.isPresent()) {
            check(only.get());
            return;
        }
        long cases = property("qk256.tck.random").orElse(200L);
        if (cases < 1) {
            throw new IllegalArgumentException("qk256.tck.random: " + cases + ", expected 1 or more");
        }
        long first = property("qk256.tck.firstSeed").orElse(0L);
        for (long seed = first; seed < first + cases; seed++) {
            check(seed);
        }
    }

    private static Optional<Long> property(String name) {
        String value = System.getProperty(name, "").strip();
        try {
            return value.isEmpty() ? Optional.empty() : Optional.of(Long.parseLong(value));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + ": '" + value + "', expected an integer", e);
        }
    }

    private void check(long seed) {
        RandomCase random = RandomCase.of(seed);
        Trial trial = kernel().trial(Rules.RANDOM, random.problem())
                .at(random.placement())
                .rows(random.fromRow(), random.toRow());
        for (OperationUnderTest operation : OperationUnderTest.values()) {
            if (!operation.isInt8() || random.problem().codebook().supportsInt8()) {
                trial.checkEverything(operation);
            }
        }
    }
}
