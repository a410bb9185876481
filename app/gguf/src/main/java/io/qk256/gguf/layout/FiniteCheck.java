package io.qk256.gguf.layout;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.LittleEndian;
import io.qk256.gguf.Progress;
import io.qk256.spi.parallel.ParallelTasks;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Checks tensors of floating-point values, or of blocks with a floating-point scale, for NaN and infinities, at memory
 * speed: a value is not finite if all bits of its exponent are set, and a long tests several values at once.
 */
public final class FiniteCheck {

    private static final long PIECE_BYTES = 4 << 20;

    /**
     * Longs copied at once to an array that fits in the cache. This is fast even at program start, before the JVM has
     * compiled the loop.
     */
    private static final int SOME = 1 << 12;

    private FiniteCheck() {}

    /**
     * Checks all values of a tensor. Types with neither floating-point values nor scales pass.
     *
     * @param threads 1 or more
     * @param progress receives the number of bytes checked
     * @throws GgufException if a value is not finite; the message names the first
     */
    public static void require(GgufTensor tensor, int threads, Progress progress) throws GgufException {
        Optional<TensorCodec> codec = TensorCodecs.find(tensor.type());
        if (codec.isPresent()) {
            codec.get().requireFinite(tensor, threads, progress);
        }
    }

    /** Refuses a scale that is not finite. */
    static void requireScale(GgufTensor tensor, float scale, String what) throws GgufException {
        if (!Float.isFinite(scale)) {
            throw notFinite(tensor, scale, what);
        }
    }

    /** Refuses the scale of a block that is not finite. */
    static void requireScale(GgufTensor tensor, float scale, long block) throws GgufException {
        if (!Float.isFinite(scale)) {
            throw notFinite(tensor, scale, "the scale of block " + block);
        }
    }

    private static GgufException notFinite(GgufTensor tensor, float scale, String what) {
        return new GgufException(
                tensor + ": " + what + " is " + scale + ", expected a finite number; the data is damaged");
    }

    /** Reads one value, widened to f32. */
    @FunctionalInterface
    interface Value {
        float at(MemorySegment data, long at);
    }

    /**
     * Checks contiguous values.
     *
     * @param exponent the exponent bits of each value in a long
     * @param one the lowest exponent bit of each value; added to an exponent of all ones, it carries into the sign
     * @param value reads one value, for the message
     */
    record Values(long exponent, long one, Value value) {

        void require(GgufTensor tensor, int threads, Progress progress) throws GgufException {
            MemorySegment data = tensor.data();
            long signs = ~exponent & (exponent + one);
            long whole = data.byteSize() / Long.BYTES * Long.BYTES;
            pieces(tensor, PIECE_BYTES, threads, progress, (from, to) -> {
                long end = Math.min(to, whole);
                long[] some = new long[SOME];
                long carried = 0;
                for (long at = from; at < end; at += (long) SOME * Long.BYTES) {
                    int count = (int) Math.min(SOME, (end - at) / Long.BYTES);
                    MemorySegment.copy(data, LittleEndian.I64, at, some, 0, count);
                    carried |= carried(some, count, exponent, one);
                }
                if ((carried & signs) != 0 || to > whole) {
                    oneByOne(tensor, from, to);
                }
            });
        }

        private static long carried(long[] values, int count, long exponent, long one) {
            long carried = 0;
            for (int i = 0; i < count; i++) {
                carried |= (values[i] & exponent) + one;
            }
            return carried;
        }

        private void oneByOne(GgufTensor tensor, long from, long to) throws GgufException {
            int size = tensor.type().blockBytes();
            for (long at = from; at < to; at += size) {
                float seen = value.at(tensor.data(), at);
                if (!Float.isFinite(seen)) {
                    long index = at / size;
                    throw new GgufException(tensor + ": the value in row " + index / tensor.cols() + ", column "
                            + index % tensor.cols() + " is " + seen
                            + ", expected a finite number; the data is damaged");
                }
            }
        }
    }

    /** Checks the f16 scales of blocks, which are {@code scalesAt} bytes after the start of each. */
    static void scales(GgufTensor tensor, int threads, Progress progress, int... scalesAt) throws GgufException {
        int block = tensor.type().blockBytes();
        pieces(tensor, PIECE_BYTES / block * block, threads, progress, (from, to) -> {
            for (long at = from; at < to; at += block) {
                for (int scaleAt : scalesAt) {
                    float scale = Float.float16ToFloat(tensor.data().get(LittleEndian.I16, at + scaleAt));
                    requireScale(tensor, scale, at / block);
                }
            }
        });
    }

    @FunctionalInterface
    private interface Piece {
        void check(long from, long to) throws GgufException;
    }

    private static void pieces(GgufTensor tensor, long size, int threads, Progress progress, Piece piece)
            throws GgufException {
        long bytes = tensor.data().byteSize();
        Progress.Sum sum = new Progress.Sum(progress, "checking " + tensor.name(), bytes);
        ParallelTasks.run(Math.toIntExact(Math.ceilDiv(bytes, size)), threads, i -> {
            long from = i * size;
            long to = Math.min(from + size, bytes);
            piece.check(from, to);
            sum.add(to - from);
        });
        sum.finish();
    }
}
