package io.qk256.gguf.convert;

import io.qk256.gguf.Progress;
import io.qk256.spi.parallel.ParallelTasks;
import java.lang.foreign.MemorySegment;
import java.util.zip.CRC32C;

/** Checksums of large memory, computed by several threads. They detect accidents, not forgeries. */
final class Checksums {

    private static final long PIECE_BYTES = 8 << 20;

    private Checksums() {}

    /** As below, without reporting progress. */
    static int of(MemorySegment data, int threads) {
        return of(data, threads, new Progress.Sum(Progress.NONE, "", data.byteSize()));
    }

    /**
     * Returns the CRC-32C of the CRC-32Cs of pieces.
     *
     * @param read receives the number of bytes read
     */
    static int of(MemorySegment data, int threads, Progress.Sum read) {
        int count = Math.toIntExact(Math.ceilDiv(data.byteSize(), PIECE_BYTES));
        int[] sums = new int[count];
        ParallelTasks.run(count, threads, i -> {
            long from = i * PIECE_BYTES;
            MemorySegment piece = data.asSlice(from, Math.min(PIECE_BYTES, data.byteSize() - from));
            CRC32C crc = new CRC32C();
            crc.update(piece.asByteBuffer());
            sums[i] = (int) crc.getValue();
            read.add(piece.byteSize());
        });
        CRC32C all = new CRC32C();
        for (int sum : sums) {
            for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
                all.update(sum >>> shift);
            }
        }
        return (int) all.getValue();
    }
}
