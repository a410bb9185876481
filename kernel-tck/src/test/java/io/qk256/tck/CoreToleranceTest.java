package io.qk256.tck;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * With the fixed seeds of rules 1 to 10, f32 easily meets the tolerance: the sum is never small relative to its
 * terms.
 */
class CoreToleranceTest {

    static Stream<Problem> problemsOfTheCoreRules() {
        List<Problem> shapes = List.of(
                Problem.random(1, 256, 42),
                Problem.random(1, 512, 1337),
                Problem.random(1, 4096, 12345),
                Problem.random(1, 300, 54321),
                Problem.random(1, 513, 99999),
                Problem.random(8, 512, 42));
        Stream<Problem> sevenSeeds =
                LongStream.of(1, 42, 1337, 9999, 12345, 54321, 99999).mapToObj(seed -> Problem.random(1, 1024, seed));
        Stream<Problem> uniformCodes = IntStream.range(0, 4)
                .mapToObj(code -> Problem.random(1, 512, 42 + code).withCode(code));
        return Stream.of(shapes.stream(), sevenSeeds, uniformCodes).flatMap(problems -> problems);
    }

    @ParameterizedTest
    @MethodSource("problemsOfTheCoreRules")
    void leavesRoomForAPlainSumFromLeftToRight(Problem problem) {
        for (int row = 0; row < problem.rows(); row++) {
            float sum = 0;
            for (int col = 0; col < problem.cols(); col++) {
                sum += problem.value(row, col) * problem.x()[col];
            }
            Expected expected = Oracle.product(problem, row);
            assertThat(Math.abs(sum - expected.value()))
                    .isLessThan(expected.core().tolerance() / 10);
        }
    }
}
