package io.qk256.avx2.jni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.qk256.spi.support.MemoryReader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PrefetchedReadersTest {

    /** Other sums mean that a way leaves bytes out, or reads too much. */
    @Test
    void allWaysReadTheSameBytes() {
        List<MemoryReader> readers = new PrefetchedReaders().readers();
        assumeTrue(!readers.isEmpty(), "the native kernel cannot be used here");
        byte[] bytes = new byte[5 * 64];
        new Random(1).nextBytes(bytes);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(bytes.length).copyFrom(MemorySegment.ofArray(bytes));

            assertThat(readers)
                    .hasSize(5)
                    .allSatisfy(reader -> assertThat(reader.read(memory))
                            .as(reader.name())
                            .isEqualTo(MemoryReader.PLAIN.read(memory)));
        }
    }

    @Test
    void theyAreFoundAsAService() {
        assertThat(MemoryReader.all()).first().isSameAs(MemoryReader.PLAIN);
        assertThat(MemoryReader.all().stream().map(MemoryReader::name).distinct())
                .hasSize(1 + new PrefetchedReaders().readers().size());
    }
}
