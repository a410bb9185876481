package io.qk256.gguf.convert;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.layout.Parallel;
import java.lang.foreign.MemorySegment;
import java.util.zip.CRC32C;

/** Check sums of large memory, by several threads: they find accidents, not forgeries. */
final class Checksums {

    private static final long PIECE_BYTES = 8 << 20;

    private Checksums() {}

    /** The CRC-32C of the CRC-32Cs of pieces. */
    static int of(MemorySegment data, int threads) throws GgufException {
        int count = Math.toIntExact(Math.ceilDiv(data.byteSize(), PIECE_BYTES));
        int[] sums = new int[count];
        Parallel.run(count, threads, i -> {
            long from = i * PIECE_BYTES;
            CRC32C crc = new CRC32C();
            crc.update(data.asSlice(from, Math.min(PIECE_BYTES, data.byteSize() - from))
                    .asByteBuffer());
            sums[i] = (int) crc.getValue();
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
