package io.qk256.tck.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.spi.Codebook;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FloorTest {

    /** Five rows of one block; in each int32 value only the lowest bit is set. */
    private static Rotation<Qk256Matrix> matrices() {
        int[] codes = IntStream.range(0, 5 * 16).map(i -> 1).toArray();
        MemorySegment memory = MemorySegment.ofArray(codes);
        return new Rotation<>(List.of(Qk256Matrix.of(memory, 5, 256, Codebook.TERNARY)), List.of(memory));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 7})
    void threadsReadAllBytesTogether(int threads) {
        long sum = IntStream.range(0, threads)
                .mapToLong(thread -> Floor.of("read", Shape.parse("5x256"), matrices(), thread, threads)
                        .run())
                .sum();
        assertThat(sum).isEqualTo(5 * 16);
    }

    @Test
    void partsAreWholeCacheLinesAndAsEvenAsTheyCanBe() {
        assertThat(Floor.of("read", Shape.parse("5x256"), matrices(), 0, 2).run())
                .isEqualTo(2 * 16);
        assertThat(Floor.of("read", Shape.parse("5x256"), matrices(), 1, 2).run())
                .isEqualTo(3 * 16);
    }

    @Test
    void theWayIsChosenAndNamed() {
        Floor floor = Floor.of("read", new Shape(5, 256, 0, false, false, false), matrices(), 0, 1);
        assertThat(floor.prepare()).isEqualTo("a plain loop in Java");
        assertThat(floor.run()).isEqualTo(5 * 16);
    }
}
