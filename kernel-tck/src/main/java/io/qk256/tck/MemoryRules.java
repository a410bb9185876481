package io.qk256.tck;

import io.qk256.spi.F32Vector;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Rules 17, 21 to 25 and 29: what lies where, and what may be read and written. */
interface MemoryRules extends RuleGroup {

    private static List<Placement> homes() {
        return List.of(Placement.OFF_HEAP, Placement.HEAP);
    }

    @Test
    @DisplayName(Rules.ALIGNMENT)
    default void rule17Alignment() {
        Problem problem = Problem.whole(5, 300, 17).withBinaryBlockScales();
        for (int offset : List.of(1, 2, 3, 4, 5, 6, 7, 8, 15, 16, 31, 32, 33, 63)) {
            for (Placement placement : homes()) {
                kernel().trial(Rules.ALIGNMENT, problem)
                        .at(placement.withOffsets(offset, offset))
                        .checkAll();
            }
        }
    }

    @Test
    @DisplayName(Rules.DIRTY_RESULT)
    default void rule21DirtyResult() {
        Problem problem = Problem.whole(5, 300, 21);
        for (float garbage : new float[] {Float.NaN, Float.POSITIVE_INFINITY, -1e30f, -0f, 12345.678f}) {
            for (Placement placement : homes()) {
                kernel().trial(Rules.DIRTY_RESULT, problem)
                        .at(placement.withFill(garbage))
                        .checkAll();
            }
        }
    }

    @Test
    @DisplayName(Rules.PADDING)
    default void rule22Padding() {
        for (int cols : Sizes.REMAINDERS) {
            for (Placement placement : homes()) {
                Trial trial = kernel().trial(Rules.PADDING, Problem.random(5, cols, 22));
                Placement hostile = placement.amidHostileMemory();
                for (Operation operation : Operation.values()) {
                    F32Vector reference = trial.at(placement).run(operation).values();
                    for (int padding = 0; padding <= 4; padding++) {
                        trial.at(hostile.withPadding(padding)).checkSame(operation, reference);
                    }
                }
            }
        }
    }

    @Test
    @DisplayName(Rules.READS_INSIDE)
    default void rule23ReadsStayInside() {
        for (int cols : Sizes.REMAINDERS) {
            for (Placement placement : homes()) {
                Trial trial = kernel().trial(
                                Rules.READS_INSIDE, Problem.random(5, cols, 23).withRandomBlockScales());
                for (Operation operation : Operation.values()) {
                    F32Vector reference = trial.at(placement).run(operation).values();
                    trial.at(placement.amidHostileMemory()).checkSame(operation, reference);
                    trial.at(placement.amidHostileMemory().withRowGap(64)).checkSame(operation, reference);
                    for (Home guarded : Home.guarded()) {
                        Placement inputs = Placement.in(guarded, guarded, guarded, Home.OFF_HEAP);
                        trial.at(inputs).checkSame(operation, reference);
                    }
                }
            }
        }
    }

    @Test
    @DisplayName(Rules.WRITES_INSIDE)
    default void rule24WritesStayInside() {
        everySize(Rules.WRITES_INSIDE, Outcome::strayWrite, homesOfResults());
    }

    @Test
    @DisplayName(Rules.INPUTS_UNCHANGED)
    default void rule25InputsUnchanged() {
        everySize(Rules.INPUTS_UNCHANGED, Outcome::inputChange, homes());
    }

    private static List<Placement> homesOfResults() {
        Stream<Placement> guarded = Home.guarded().stream()
                .map(result -> Placement.in(Home.OFF_HEAP, Home.OFF_HEAP, Home.OFF_HEAP, result));
        return Stream.concat(homes().stream(), guarded).toList();
    }

    private void everySize(String rule, Function<Outcome, Optional<String>> damage, List<Placement> placements) {
        for (int cols : Sizes.REMAINDERS) {
            for (Placement placement : placements) {
                Problem problem = Problem.random(5, cols, cols).withRandomBlockScales();
                Trial all = kernel().trial(rule, problem).at(placement);
                for (Trial trial : List.of(all, all.rows(1, 4))) {
                    for (Operation operation : Operation.values()) {
                        damage.apply(trial.run(operation)).ifPresent(text -> trial.fail(operation, text));
                    }
                }
            }
        }
    }

    @Test
    @DisplayName(Rules.MEMORY)
    default void rule29KindsOfMemory() {
        Problem problem = Problem.whole(3, 300, 29).withBinaryBlockScales();
        for (Home codes : Home.EVERYWHERE) {
            for (Home vectors : Home.EVERYWHERE) {
                for (Home scales : Home.EVERYWHERE) {
                    for (Home result : List.of(Home.HEAP, Home.LONG_ARRAY, Home.OFF_HEAP)) {
                        kernel().trial(Rules.MEMORY, problem)
                                .at(Placement.in(codes, vectors, scales, result))
                                .checkAll();
                    }
                }
            }
        }
    }
}
