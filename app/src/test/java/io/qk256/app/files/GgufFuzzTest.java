package io.qk256.app.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Damaged files are read or refused with a {@link GgufException}, soon and in little memory. */
class GgufFuzzTest {

    private static final Duration SOON = Duration.ofSeconds(10);

    /** QK256 pads a row of 64 weights, 16 or 18 bytes elsewhere, to 64 bytes. */
    private static final int MEMORY_PER_BYTE = 4;

    @Test
    void mutatedFilesAreReadOrRefused() {
        Mutations mutations = new Mutations();
        int refused = 0;
        for (int i = 0; i < Mutations.COUNT; i++) {
            byte[] mutated = mutations.next();
            boolean onHeap = i % 2 == 0;
            String label = "mutation " + i + " of seed " + Mutations.SEED;
            boolean read = assertTimeoutPreemptively(SOON, () -> readAll(mutated, onHeap, label), label);
            refused += read ? 0 : 1;
        }
        assertThat(refused).as("refused of seed %d", Mutations.SEED).isBetween(Mutations.COUNT / 5, Mutations.COUNT);
    }

    /** Touches everything that can be read. */
    private static boolean readAll(byte[] bytes, boolean onHeap, String label) {
        boolean whole = true;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = onHeap
                    ? MemorySegment.ofArray(bytes)
                    : arena.allocate(bytes.length, 64).copyFrom(MemorySegment.ofArray(bytes));
            GgufFile file = GgufFile.of(memory, "mutated");
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
            assertThat(e).as(label).hasMessageStartingWith("mutated");
            return false;
        } catch (RuntimeException | Error e) {
            throw new AssertionError(label, e);
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
                MemorySegment row = arena.allocate(tensor.cols() * Float.BYTES, Float.BYTES);
                TensorRows rows = TensorRows.of(tensor);
                rows.read(0, row);
                rows.read(tensor.rows() - 1, row);
            }
            return true;
        } catch (GgufException e) {
            assertThat(e).hasMessageStartingWith("mutated, tensor ");
            return false;
        }
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
