package io.qk256.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.gguf.layout.Repack;
import io.qk256.gguf.layout.RowReader;
import io.qk256.gguf.layout.TensorRows;
import io.qk256.gguf.layout.WeightFile;
import io.qk256.testing.Fuzz;
import io.qk256.testing.Fuzz.Outcome;
import io.qk256.testing.GoodFiles;
import io.qk256.testing.Mutations;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Damaged files are read or refused with a {@link GgufException}, in little memory. */
class GgufFuzzTest {

    /** QK256 pads a row of 64 weights to 64 bytes; other types take 16 or 18 bytes. */
    private static final int MEMORY_PER_BYTE = 4;

    @Test
    void mutatedFilesAreReadOrRefused() {
        List<Mutations> files = GoodFiles.all().stream().map(Mutations::new).toList();
        Fuzz.run("of GGUF files", 5_000, random -> {
            byte[] mutated = files.get(random.nextInt(files.size())).next(random);
            return readAll(mutated, random.nextBoolean()) ? Outcome.ACCEPTED : Outcome.REFUSED;
        });
    }

    /** Touches everything that can be read. */
    private static boolean readAll(byte[] bytes, boolean onHeap) {
        boolean whole = true;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = onHeap
                    ? MemorySegment.ofArray(bytes)
                    : arena.allocate(bytes.length, 64).copyFrom(MemorySegment.ofArray(bytes));
            GgufFile file = WeightFile.of(memory, "mutated");
            for (GgufValue value : file.metadata().values()) {
                assertThat(value.toString()).isNotNull();
                value.array()
                        .filter(array -> array.elementType() == ValueType.STRING)
                        .ifPresent(array -> IntStream.range(0, array.size())
                                .forEach(i -> assertThat(array.text(i)).isNotNull()));
            }
            for (GgufTensor tensor : file.tensors()) {
                whole &= read(tensor, bytes.length);
            }
            return whole;
        } catch (GgufException e) {
            assertClean(e, "mutated");
            return false;
        }
    }

    private static boolean read(GgufTensor tensor, int fileBytes) {
        assertThat(tensor.data().byteSize()).isLessThanOrEqualTo(fileBytes);
        try (CountingArena arena = new CountingArena()) {
            if (Repack.refusal(tensor.type()).isEmpty()) {
                Repack.repack(tensor, arena);
                assertThat(arena.allocated()).as("%s", tensor).isLessThanOrEqualTo((long) MEMORY_PER_BYTE * fileBytes);
            }
            if (tensor.cols() <= fileBytes * 8L) {
                RowReader reader = TensorRows.of(tensor).reader(1);
                float[] row = new float[(int) tensor.cols()];
                reader.read(0, 1, row, 0);
                reader.read(tensor.rows() - 1, 1, row, 0);
            }
            return true;
        } catch (GgufException e) {
            assertClean(e, "mutated, tensor ");
            return false;
        }
    }

    private static void assertClean(GgufException e, String start) {
        assertThat(e.getMessage()).startsWith(start).hasSizeLessThan(1000).matches("[\\x20-\\x7e\\x{a0}-\\x{fffd}]*");
    }

    private static final class CountingArena implements Arena {

        private final Arena arena = Arena.ofConfined();
        private long allocated;

        long allocated() {
            return allocated;
        }

        @Override
        public MemorySegment allocate(long bytes, long alignment) {
            allocated += bytes;
            assertThat(allocated).as("memory for a file of a few kilobytes").isLessThan(1 << 24);
            return arena.allocate(bytes, alignment);
        }

        @Override
        public MemorySegment.Scope scope() {
            return arena.scope();
        }

        @Override
        public void close() {
            arena.close();
        }
    }
}
