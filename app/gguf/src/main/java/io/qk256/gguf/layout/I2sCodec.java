package io.qk256.gguf.layout;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.LittleEndian;
import io.qk256.gguf.Progress;
import io.qk256.gguf.TensorType;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * I2_S in its three {@linkplain I2sLayout layouts}: codes 0, 1, 2 for −1, 0, +1. After the codes of the tensor come 32
 * bytes that start with its f32 scale. Code 3 is refused: no quantizer writes it, so it means that the data is damaged
 * or was read with the wrong layout.
 *
 * <p>Source: microsoft/BitNet {@code src/ggml-bitnet-mad.cpp}, {@code quantize_i2_s}.
 */
abstract sealed class I2sCodec extends TwoBitCodec {

    private static final int TRAILER_BYTES = 32;
    private static final byte FOUR_ZEROS = 0b01_01_01_01;
    private static final int LOW_BITS = 0x55555555;

    private I2sCodec(TensorType type) {
        super(type);
    }

    /**
     * Repacks rows, starting at a multiple of four.
     *
     * @return 0 if no code is 3
     */
    abstract long repack(GgufTensor tensor, Qk256Matrix to, int fromRow, int toRow) throws GgufException;

    @Override
    final Repacking repacking(GgufTensor tensor, Arena arena) throws GgufException {
        requireShape(tensor);
        return new Rows(tensor, arena);
    }

    void requireShape(GgufTensor tensor) throws GgufException {}

    /** Code 3 has both bits set, wherever its layout puts them. */
    @Override
    final void requireFinite(GgufTensor tensor, int threads, Progress progress) throws GgufException {
        requireShape(tensor);
        requireScale(tensor);
        MemorySegment codes = tensor.data();
        long bytes = codes.byteSize() - TRAILER_BYTES;
        int threes = 0;
        for (long at = 0; at < bytes; at += Integer.BYTES) {
            int sixteen = codes.get(LittleEndian.I32, at);
            threes |= sixteen & (sixteen >>> 1) & LOW_BITS;
        }
        if (threes != 0) {
            throw notTernary(tensor, 0, Math.toIntExact(tensor.rows()));
        }
    }

    private static float requireScale(GgufTensor tensor) throws GgufException {
        long scaleAt = tensor.data().byteSize() - TRAILER_BYTES;
        float scale = tensor.data().get(LittleEndian.F32, scaleAt);
        FiniteCheck.requireScale(tensor, scale, "the scale");
        if (scale == 0 && !isZeros(tensor.data(), scaleAt)) {
            throw new GgufException(tensor + ": the scale is 0 but not all weights are, expected a scale above 0; "
                    + "the data is missing or damaged, get the file again");
        }
        return scale;
    }

    private final class Rows extends Repacking {

        private final float scale;

        Rows(GgufTensor tensor, Arena arena) throws GgufException {
            super(tensor, arena);
            this.scale = requireScale(tensor);
        }

        @Override
        void rows(int from, int to) throws GgufException {
            if (repack(tensor, matrix, from, to) != 0) {
                throw notTernary(tensor, from, to);
            }
        }

        @Override
        Qk256Matrix finish(Arena arena) {
            return matrix.withTensorScale(scale);
        }
    }

    /** A quantizer only writes scale 0 if all weights are zero; other weights mean that the data was never written. */
    private static boolean isZeros(MemorySegment codes, long bytes) {
        for (long i = 0; i < bytes; i++) {
            if (codes.get(LittleEndian.I8, i) != FOUR_ZEROS) {
                return false;
            }
        }
        return true;
    }

    private GgufException notTernary(GgufTensor tensor, int from, int to) {
        PlainDecoder plain = plain(tensor);
        byte[] values = new byte[(int) tensor.cols()];
        for (int row = from; row < to; row++) {
            plain.row(row, values);
            for (int col = 0; col < values.length; col++) {
                if (values[col] == 2) {
                    return new GgufException(tensor + ": the weight at row " + row + ", column " + col
                            + " has code 3, expected 0, 1 or 2; the data is damaged, or in another of the three "
                            + "layouts of I2_S, which files do not record: --i2s-layout x86 (the published "
                            + "models), arm (packed on ARM), rows4 (packed without ACT_PARALLEL)");
                }
            }
        }
        throw new AssertionError(tensor + ": a code 3 that the plain decoder does not see");
    }

    /** The f32 scale after the codes. */
    private static float plainScale(GgufTensor tensor) {
        return tensor.data().get(LittleEndian.F32, tensor.weights() / 4);
    }

    /** Transposes 4x4 fields: swaps field {@code j} of byte {@code i} with field {@code i} of byte {@code j}. */
    private static int transpose(int codes) {
        int ones = (codes ^ (codes >>> 6)) & 0x00CC00CC;
        int half = codes ^ ones ^ (ones << 6);
        int twos = (half ^ (half >>> 12)) & 0x0000F0F0;
        return half ^ twos ^ (twos << 12);
    }

    /** A row as groups of four planes, the first plane in the highest bits. */
    private record Planes(MemorySegment data, int cols, int planeBytes, float scale) implements PlainDecoder {

        static Planes of(GgufTensor tensor, int planeBytes) {
            return new Planes(tensor.data(), Math.toIntExact(tensor.cols()), planeBytes, plainScale(tensor));
        }

        @Override
        public void row(long row, byte[] values) {
            int rowBytes = cols / 4;
            byte[] packed = data.asSlice(row * rowBytes, rowBytes).toArray(LittleEndian.I8);
            for (int i = 0; i < cols; i++) {
                int within = i % (4 * planeBytes);
                int codes = packed[i / (4 * planeBytes) * planeBytes + within % planeBytes];
                values[i] = (byte) ((codes >> (6 - 2 * (within / planeBytes)) & 3) - 1);
            }
        }

        @Override
        public int group() {
            return Qk256.BLOCK_WEIGHTS;
        }

        @Override
        public float scale(long row, int group) {
            return scale;
        }
    }

    /** 128 weights of a row in 32 bytes, as {@link BitPlanes} with the first plane in the highest bits. */
    static final class X86 extends I2sCodec {

        private static final int LARGEST = 1;
        private static final int GROUP_WEIGHTS = 128;

        X86() {
            super(TensorType.I2_S);
        }

        @Override
        PlainDecoder plain(GgufTensor tensor) {
            return Planes.of(tensor, 32);
        }

        /** A row is a sequence of groups of 128 weights, so an odd number of groups leaves half a block of padding. */
        @Override
        long repack(GgufTensor tensor, Qk256Matrix to, int fromRow, int toRow) {
            MemorySegment from = tensor.data();
            int groups = to.cols() / GROUP_WEIGHTS;
            long rowBytes = (long) groups * BitPlanes.GROUP_BYTES;
            long threes = 0;
            for (int row = fromRow; row < toRow; row++) {
                threes |= BitPlanes.fromHighestFirst(from, row * rowBytes, to.codes(), row * to.rowStride(), groups);
            }
            return threes;
        }

        @Override
        boolean isWritable() {
            return true;
        }

        /** I2_S has one f32 scale, which is not rounded. */
        @Override
        Encoded encode(GgufTensor tensor, Qk256Matrix matrix, boolean roundScales, Arena arena) throws GgufException {
            WeightCodes codes = new WeightCodes(tensor, matrix, type(), LARGEST);
            float scale = onlyScale(tensor, matrix);
            MemorySegment out = arena.allocate(type().bytes((long) matrix.rows() * matrix.cols()));
            byte[] row = new byte[matrix.cols()];
            byte[] packed = new byte[matrix.cols() / 4];
            long to = 0;
            for (int i = 0; i < matrix.rows(); i++) {
                codes.row(i, row);
                pack(row, packed);
                MemorySegment.copy(packed, 0, out, LittleEndian.I8, to, packed.length);
                to += packed.length;
            }
            out.set(LittleEndian.F32, to, scale);
            if (scale == 0 && !isZeros(out, to)) {
                throw new GgufException(tensor + ": the scale is 0 but not all codes are zeros, "
                        + "which i2_s cannot hold; use qk256 or tq2_0");
            }
            return new Encoded(out, 0);
        }

        private static void pack(byte[] codes, byte[] packed) {
            for (int i = 0; i < packed.length; i++) {
                int first = i / BitPlanes.GROUP_BYTES * GROUP_WEIGHTS + i % BitPlanes.GROUP_BYTES;
                int four = 0;
                for (int plane = 0; plane < 4; plane++) {
                    four |= codes[first + plane * BitPlanes.GROUP_BYTES] << (6 - 2 * plane);
                }
                packed[i] = (byte) four;
            }
        }

        private static float onlyScale(GgufTensor tensor, Qk256Matrix matrix) throws GgufException {
            float scale = matrix.scale(0, 0);
            for (int row = 0; row < matrix.rows(); row++) {
                for (int group = 0; group < matrix.groups(); group++) {
                    if (matrix.scale(row, group) != scale) {
                        throw new GgufException(tensor + ": the weights of row " + row + " from column "
                                + group * matrix.group() + " on have the scale " + matrix.scale(row, group)
                                + ", expected " + scale + " like the first; i2_s has one scale for a tensor, other"
                                + " types have one for each block");
                    }
                }
            }
            return scale;
        }
    }

    /** 64 weights of a row in 16 bytes: planes as for x86, but of 16 weights. */
    static final class Arm extends I2sCodec {

        private static final int GROUP_WEIGHTS = 64;
        private static final int GROUP_BYTES = 16;

        Arm() {
            super(TensorType.I2_S_ARM);
        }

        @Override
        PlainDecoder plain(GgufTensor tensor) {
            return Planes.of(tensor, GROUP_BYTES);
        }

        @Override
        long repack(GgufTensor tensor, Qk256Matrix to, int fromRow, int toRow) {
            MemorySegment from = tensor.data();
            int groups = to.cols() / GROUP_WEIGHTS;
            int threes = 0;
            for (int row = fromRow; row < toRow; row++) {
                for (int group = 0; group < groups; group++) {
                    long source = ((long) row * groups + group) * GROUP_BYTES;
                    long target = row * to.rowStride() + (long) group * GROUP_BYTES;
                    threes |= group(from, source, to.codes(), target);
                }
            }
            return threes;
        }

        private static int group(MemorySegment from, long fromOffset, MemorySegment to, long toOffset) {
            int plane0 = 0;
            int plane1 = 0;
            int plane2 = 0;
            int plane3 = 0;
            int threes = 0;
            for (int i = 0; i < Integer.BYTES; i++) {
                int codes = from.get(LittleEndian.I32, fromOffset + 4L * i);
                threes |= codes & (codes >>> 1) & LOW_BITS;
                int neighbors = transpose(codes);
                int shift = 8 * i;
                plane0 |= (neighbors >>> 24) << shift;
                plane1 |= (neighbors >>> 16 & 0xFF) << shift;
                plane2 |= (neighbors >>> 8 & 0xFF) << shift;
                plane3 |= (neighbors & 0xFF) << shift;
            }
            to.set(LittleEndian.I32, toOffset, plane0);
            to.set(LittleEndian.I32, toOffset + 4, plane1);
            to.set(LittleEndian.I32, toOffset + 8, plane2);
            to.set(LittleEndian.I32, toOffset + 12, plane3);
            return threes;
        }
    }

    /** One weight of each of four rows in a byte, the first row in the highest bits. */
    static final class Rows4 extends I2sCodec {

        Rows4() {
            super(TensorType.I2_S_ROWS4);
        }

        @Override
        void requireShape(GgufTensor tensor) throws GgufException {
            if (tensor.rows() % 4 != 0) {
                throw new GgufException(tensor + ": has " + tensor.rows() + " rows, expected a multiple of 4; "
                        + "it is packed in another layout: see --i2s-layout");
            }
        }

        @Override
        PlainDecoder plain(GgufTensor tensor) {
            int cols = Math.toIntExact(tensor.cols());
            MemorySegment data = tensor.data();
            float scale = plainScale(tensor);
            return new PlainDecoder() {
                @Override
                public void row(long row, byte[] values) {
                    for (int i = 0; i < cols; i++) {
                        int codes = data.get(LittleEndian.I8, row / 4 * cols + i);
                        values[i] = (byte) ((codes >> (6 - 2 * (row % 4)) & 3) - 1);
                    }
                }

                @Override
                public int group() {
                    return Qk256.BLOCK_WEIGHTS;
                }

                @Override
                public float scale(long row, int group) {
                    return scale;
                }
            };
        }

        @Override
        long repack(GgufTensor tensor, Qk256Matrix to, int fromRow, int toRow) {
            MemorySegment from = tensor.data();
            MemorySegment codes = to.codes();
            long stride = to.rowStride();
            int threes = 0;
            for (int row = fromRow; row < toRow; row += 4) {
                long source = (long) row / 4 * to.cols();
                long target = row * stride;
                for (int col = 0; col < to.cols(); col += 4) {
                    int four = from.get(LittleEndian.I32, source + col);
                    threes |= four & (four >>> 1) & LOW_BITS;
                    int neighbors = transpose(four);
                    long at = target + col / 4;
                    codes.set(LittleEndian.I8, at, (byte) (neighbors >>> 24));
                    codes.set(LittleEndian.I8, at + stride, (byte) (neighbors >>> 16));
                    codes.set(LittleEndian.I8, at + 2 * stride, (byte) (neighbors >>> 8));
                    codes.set(LittleEndian.I8, at + 3 * stride, (byte) neighbors);
                }
            }
            return threes;
        }
    }
}
