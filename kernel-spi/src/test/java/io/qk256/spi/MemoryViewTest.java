package io.qk256.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MemoryViewTest {

    @ParameterizedTest
    @CsvSource({
        "0, 8, 8, 8, false",
        "8, 8, 0, 8, false",
        "0, 8, 7, 1, true",
        "7, 1, 0, 8, true",
        "2, 2, 0, 8, true",
        "4, 4, 4, 4, true",
        "3, 0, 3, 4, false"
    })
    void partsOverlapIfTheyShareAByte(int from, int bytes, int otherFrom, int otherBytes, boolean overlap) {
        try (Arena arena = Arena.ofConfined()) {
            for (MemorySegment all : new MemorySegment[] {arena.allocate(16), MemorySegment.ofArray(new byte[16])}) {
                MemoryView one = new MemoryView(all.asSlice(from, bytes));
                MemoryView other = new MemoryView(new MemoryView(all), otherFrom, otherBytes);
                assertThat(one.mayOverlap(other)).isEqualTo(overlap);
                assertThat(other.mayOverlap(one)).isEqualTo(overlap);
                if (overlap) {
                    assertThatIllegalArgumentException()
                            .isThrownBy(() -> one.requireDisjoint("y", other, "x"))
                            .withMessage("y overlaps x; results need memory of their own");
                } else {
                    one.requireDisjoint("y", other, "x");
                }
            }
        }
    }

    @Test
    void differentArraysOnlySeemToOverlap() {
        MemoryView one = new MemoryView(MemorySegment.ofArray(new byte[8]));
        MemoryView other = new MemoryView(MemorySegment.ofArray(new float[2]));
        assertThat(one.mayOverlap(other)).isTrue();
        one.requireDisjoint("y", other, "x");
        assertThat(one.mayOverlap(new MemoryView(Arena.ofAuto().allocate(8)))).isFalse();
    }

    @Test
    void aPartOfAnotherThreadsMemoryIsRefused() throws Exception {
        try (Arena arena = Arena.ofConfined();
                ExecutorService other = Executors.newSingleThreadExecutor()) {
            MemoryView part = new MemoryView(new MemoryView(arena.allocate(16)), 8, 8);
            part.requireUsable("x");
            Future<?> call = other.submit(() -> assertThatExceptionOfType(WrongThreadException.class)
                    .isThrownBy(() -> part.requireUsable("x"))
                    .withMessageStartingWith("x: its confined arena belongs to a thread other than "));
            call.get();
        }
    }
}
