package com.example.avx512;

import io.qk256.spi.Codebook;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/**
 * The operations on memory of which some is on the heap: its arrays are pinned, not copied. Arrays behind read-only
 * segments are out of reach, so the part that is needed is copied.
 */
final class PinnedCall {

    private PinnedCall() {}

    /** Memory as the native side takes it: an array and an offset in bytes, or null and an address. */
    private record Place(Object array, long address) {

        static Place of(MemorySegment segment, Arena arena) {
            if (segment.isNative()) {
                return new Place(null, segment.address());
            }
            if (segment.heapBase().isPresent()) {
                return new Place(segment.heapBase().get(), segment.address());
            }
            MemorySegment copy = arena.allocate(segment.byteSize(), Long.BYTES).copyFrom(segment);
            return new Place(null, copy.address());
        }
    }

    /**
     * Does one operation.
     *
     * @param operation one of {@link Native}'s
     * @param in the activations, {@link MemorySegment#NULL} if the operation has none
     * @param inScale what quantised them, if they are int8
     * @param out where the first row's result goes, and those of the others after it
     */
    static void run(
            int operation, Qk256Matrix w, int fromRow, int toRow, MemorySegment in, float inScale, MemorySegment out) {
        Codebook codebook = w.codebook();
        try (Arena arena = Arena.ofConfined()) {
            Place codes = Place.of(codes(w, fromRow, toRow), arena);
            Place blockScales = Place.of(blockScales(w, fromRow, toRow), arena);
            Place from = Place.of(in, arena);
            Place to = Place.of(out, arena);
            Native.pinned(
                    operation,
                    codes.array,
                    blockScales.array,
                    from.array,
                    to.array,
                    codes.address,
                    w.rowStride(),
                    toRow - fromRow,
                    w.cols(),
                    blockScales.address,
                    w.tensorScale(),
                    codebook.value0(),
                    codebook.value1(),
                    codebook.value2(),
                    codebook.value3(),
                    from.address,
                    inScale,
                    to.address);
        } finally {
            Reference.reachabilityFence(w);
            Reference.reachabilityFence(in);
            Reference.reachabilityFence(out);
        }
    }

    private static MemorySegment codes(Qk256Matrix w, int fromRow, int toRow) {
        long bytes = (toRow - fromRow - 1) * w.rowStride() + Qk256.rowBytes(w.cols());
        return w.codes().asSlice(fromRow * w.rowStride(), bytes);
    }

    private static MemorySegment blockScales(Qk256Matrix w, int fromRow, int toRow) {
        long rowBytes = (long) w.blocks() * Float.BYTES;
        return w.blockScales()
                .map(scales -> scales.asSlice(fromRow * rowBytes, (toRow - fromRow) * rowBytes))
                .orElse(MemorySegment.NULL);
    }
}
