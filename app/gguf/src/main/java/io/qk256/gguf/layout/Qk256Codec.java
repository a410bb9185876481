package io.qk256.gguf.layout;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.GgufValue;
import io.qk256.gguf.LittleEndian;
import io.qk256.gguf.Progress;
import io.qk256.gguf.TensorType;
import io.qk256.spi.Codebook;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.ScaleType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * How a GGUF file holds tensors in QK256 layout, for which the format has no type: as a single row of I8 values, which
 * no reader can mistake for weights, in a file that has the key {@code qk256.version}. The bytes are, in this order:
 *
 * <pre>
 *  0  u8[8]   51 4B 32 35 36 00 00 00 ("QK256")
 *  8  u32     CRC-32C of all bytes from offset 64 on
 * 12  u32     the type of the group scales: 0 none, 1 f32, 2 f16
 * 16  f32     scale of the tensor, finite
 * 20  u32     the number of weights of a row that share a scale: 64, 128 or 256; 0 means 256, as in version 1
 * 24  u8[8]   0
 * 32  i8[4]   the codebook: values of codes 0 to 3, each −64 to 63
 * 36  u8[12]  0
 * 48  u32[4]  dimensions, the contiguous one first, 0 after the last
 * 64          the codes: ceil(cols / 256) * 64 bytes per row
 *             the group scales, if there are any: ceil(cols / group) per row
 * </pre>
 */
public final class Qk256Codec extends TwoBitCodec {

    /** The key that marks a file with such tensors. */
    public static final String VERSION_KEY = "qk256.version";

    /** Version 1 had f32 scales for 256 weights only; it is read, too. */
    public static final int VERSION = 2;

    /** If tensors are aligned to 64 bytes, so are their codes. */
    public static final int ALIGNMENT = 64;

    private static final long MAGIC = 0x00000036_35324B51L;
    private static final int HEADER_BYTES = 64;
    private static final int CRC_AT = 8;
    private static final int SCALE_TYPE_AT = 12;
    private static final int SCALE_AT = 16;
    private static final int GROUP_AT = 20;
    private static final int CODEBOOK_AT = 32;
    private static final int DIMS_AT = 48;
    private static final int MAX_DIMS = 4;
    private static final long CRC_PIECE = 1 << 30;

    Qk256Codec() {
        super(TensorType.QK256);
    }

    @Override
    PlainDecoder plain(GgufTensor tensor) {
        return new Qk256Plain(tensor);
    }

    @Override
    RowReader reader(GgufTensor tensor, int most) {
        PlainDecoder plain = plain(tensor);
        MemorySegment data = tensor.data();
        int cols = (int) tensor.cols();
        int rowBytes = Math.toIntExact(Qk256.rowBytes(cols));
        float[] codebook = new float[4];
        for (int code = 0; code < codebook.length; code++) {
            codebook[code] = data.get(LittleEndian.I8, CODEBOOK_AT + code);
        }
        byte[] codes = new byte[rowBytes];
        return (first, count, out, at) -> {
            for (int row = 0; row < count; row++) {
                long from = HEADER_BYTES + (first + row) * rowBytes;
                MemorySegment.copy(data, LittleEndian.I8, from, codes, 0, rowBytes);
                int to = at + row * cols;
                for (int start = 0; start < cols; start += plain.group()) {
                    float scale = plain.scale(first + row, start / plain.group());
                    int end = Math.min(cols, start + plain.group());
                    for (int i = start; i < end; i++) {
                        out[to + i] = codebook[codes[i / 4] >> (2 * (i % 4)) & 3] * scale;
                    }
                }
            }
        };
    }

    @Override
    Repacking repacking(GgufTensor tensor, Arena arena) throws GgufException {
        return new Repacking(tensor, matrix(tensor, arena)) {
            @Override
            boolean isDone() {
                return true;
            }

            @Override
            void rows(int from, int to) {}

            @Override
            Qk256Matrix finish(Arena arena) {
                return matrix;
            }
        };
    }

    @Override
    boolean isWritable() {
        return true;
    }

    /** QK256 holds any matrix. */
    @Override
    Encoded encode(GgufTensor tensor, Qk256Matrix matrix, boolean roundScales, Arena arena) {
        return new Encoded(store(matrix, tensor.dims(), arena), 0);
    }

    /** Whether a file with these keys may hold such tensors. */
    static boolean isUsedBy(String file, Map<String, GgufValue> metadata) throws GgufException {
        GgufValue version = metadata.get(VERSION_KEY);
        if (version == null) {
            return false;
        }
        long seen = version.asInteger(0, 0xFFFF_FFFFL);
        if (seen < 1 || seen > VERSION) {
            throw new GgufException(file + ": " + VERSION_KEY + " is " + seen + ", expected 1 to " + VERSION
                    + "; convert the model again with this program");
        }
        return true;
    }

    /** Returns the QK256 tensor that a stored one represents, with the dimensions of the weights; others unchanged. */
    static GgufTensor recognise(GgufTensor stored) throws GgufException {
        MemorySegment data = stored.data();
        if (stored.type() != TensorType.I8
                || data.byteSize() < HEADER_BYTES
                || data.get(LittleEndian.I64, 0) != MAGIC) {
            return stored;
        }
        List<Long> dims = dims(stored);
        GgufTensor tensor = new GgufTensor(stored.file(), stored.name(), TensorType.QK256, dims, data);
        requireRange(tensor, "the type of the group scales", data.get(LittleEndian.I32, SCALE_TYPE_AT), 0, 2);
        int group = group(data);
        if (group != 64 && group != 128 && group != Qk256.BLOCK_WEIGHTS) {
            throw new GgufException(tensor.file() + ", tensor " + tensor.name() + ": " + group
                    + " weights share a scale, expected 64, 128 or 256; the file is damaged");
        }
        FiniteCheck.requireScale(tensor, data.get(LittleEndian.F32, SCALE_AT), "the scale");
        for (int code = 0; code < 4; code++) {
            requireRange(
                    tensor,
                    "the value of code " + code,
                    data.get(LittleEndian.I8, CODEBOOK_AT + code),
                    Codebook.MIN_INTEGER,
                    Codebook.MAX_INTEGER);
        }
        requireSize(tensor);
        return tensor;
    }

    private static List<Long> dims(GgufTensor stored) throws GgufException {
        List<Long> dims = new ArrayList<>();
        for (int i = 0; i < MAX_DIMS; i++) {
            long dim = stored.data().get(LittleEndian.I32, DIMS_AT + 4L * i);
            boolean behindLast = dim == 0 && i > 0;
            if (dim < 0 || (dim == 0 && i == 0) || (dim > 0 && dims.size() < i)) {
                throw new GgufException(stored + ": dimension " + i + " of the weights is "
                        + Integer.toUnsignedString((int) dim) + ", expected 1 to " + Integer.MAX_VALUE
                        + (i == 0 ? "" : ", or 0 after the last one") + "; the file is damaged");
            }
            if (!behindLast) {
                dims.add(dim);
            }
        }
        return dims;
    }

    private static void requireRange(GgufTensor tensor, String what, int seen, int min, int max) throws GgufException {
        if (seen < min || seen > max) {
            throw new GgufException(tensor.file() + ", tensor " + tensor.name() + ": " + what + ": " + seen
                    + ", expected " + min + " to " + max + "; the file is damaged");
        }
    }

    private static void requireSize(GgufTensor tensor) throws GgufException {
        long rows = 1;
        long needed;
        try {
            for (long dim : tensor.dims().subList(1, tensor.dims().size())) {
                rows = Math.multiplyExact(rows, dim);
            }
            long rowBytes =
                    Math.addExact(Qk256.rowBytes((int) tensor.cols()), scaleBytes(tensor.data(), (int) tensor.cols()));
            needed = Math.addExact(HEADER_BYTES, Math.multiplyExact(rows, rowBytes));
        } catch (ArithmeticException e) {
            needed = Long.MAX_VALUE;
        }
        if (rows > Integer.MAX_VALUE || needed != tensor.data().byteSize()) {
            throw new GgufException(tensor.file() + ", tensor " + tensor.name() + ": weights of dimensions "
                    + tensor.dims() + " need " + needed + " bytes, but the tensor has "
                    + tensor.data().byteSize() + "; the file is damaged");
        }
    }

    private static int group(MemorySegment data) {
        int stored = data.get(LittleEndian.I32, GROUP_AT);
        return stored == 0 ? Qk256.BLOCK_WEIGHTS : stored;
    }

    /** The type of the scales; empty if there are none. */
    private static Optional<ScaleType> scaleType(MemorySegment data) {
        return switch (data.get(LittleEndian.I32, SCALE_TYPE_AT)) {
            case 1 -> Optional.of(ScaleType.F32);
            case 2 -> Optional.of(ScaleType.F16);
            default -> Optional.empty();
        };
    }

    /** The bytes of the scales of a row. */
    private static long scaleBytes(MemorySegment data, int cols) {
        return scaleType(data)
                .map(type -> (long) Math.ceilDiv(cols, group(data)) * type.bytes())
                .orElse(0L);
    }

    /**
     * Returns the weights in place, without copying. Only group scales that are not aligned to their size are copied,
     * as in a file that was read into a byte array.
     */
    static Qk256Matrix matrix(GgufTensor tensor, Arena arena) throws GgufException {
        Optional<ScaleType> type = scaleType(tensor.data());
        MemorySegment scales = groupScales(tensor);
        return type.isEmpty() || isAligned(scales, type.get())
                ? matrix(tensor, scales)
                : matrix(
                        tensor,
                        arena.allocate(scales.byteSize(), type.get().bytes()).copyFrom(scales));
    }

    /** Returns the weights in place, or refuses them if something must be copied. */
    static Qk256Matrix inPlace(GgufTensor tensor) throws GgufException {
        MemorySegment scales = groupScales(tensor);
        Optional<ScaleType> type = scaleType(tensor.data());
        if (type.isPresent() && !isAligned(scales, type.get())) {
            throw new GgufException(tensor + ": the group scales start at the address 0x"
                    + Long.toHexString(scales.address()) + ", expected a multiple of "
                    + type.get().bytes() + "; kernels cannot read them in place, convert the model again");
        }
        return matrix(tensor, scales);
    }

    private static Qk256Matrix matrix(GgufTensor tensor, MemorySegment scales) throws GgufException {
        MemorySegment data = tensor.data();
        int rows = (int) tensor.rows();
        int cols = (int) tensor.cols();
        MemorySegment codes = data.asSlice(HEADER_BYTES, rows * Qk256.rowBytes(cols));
        Qk256Matrix matrix = Qk256Matrix.of(codes, rows, cols, codebook(tensor))
                .withTensorScale(data.get(LittleEndian.F32, SCALE_AT));
        Optional<ScaleType> type = scaleType(data);
        if (type.isEmpty()) {
            return matrix;
        }
        requireFinite(tensor, scales, type.get());
        return matrix.withGroupScales(scales, group(data), type.get());
    }

    /** The group scales as stored; empty if there are none. */
    private static MemorySegment groupScales(GgufTensor tensor) {
        return tensor.data().asSlice(HEADER_BYTES + tensor.rows() * Qk256.rowBytes((int) tensor.cols()));
    }

    private static boolean isAligned(MemorySegment scales, ScaleType type) {
        return scales.maxByteAlignment() >= type.bytes();
    }

    private static void requireFinite(GgufTensor tensor, MemorySegment scales, ScaleType type) throws GgufException {
        for (long i = 0; i < scales.byteSize() / type.bytes(); i++) {
            float scale = type == ScaleType.F32
                    ? scales.get(LittleEndian.F32, i * Float.BYTES)
                    : Float.float16ToFloat(scales.get(LittleEndian.I16, i * Short.BYTES));
            FiniteCheck.requireScale(tensor, scale, i);
        }
    }

    @Override
    void requireFinite(GgufTensor tensor, int threads, Progress progress) throws GgufException {
        Optional<ScaleType> type = scaleType(tensor.data());
        if (type.isPresent()) {
            requireFinite(tensor, groupScales(tensor), type.get());
        }
    }

    static Codebook codebook(GgufTensor tensor) {
        byte[] values = tensor.data().asSlice(CODEBOOK_AT, 4).toArray(LittleEndian.I8);
        return new Codebook(values[0], values[1], values[2], values[3]);
    }

    /** Returns the bytes to store; the codebook must be integers, and the rows must have no gaps. */
    static MemorySegment store(Qk256Matrix matrix, List<Long> dims, Arena arena) {
        long codeBytes = matrix.rows() * Qk256.rowBytes(matrix.cols());
        Optional<MemorySegment> scales = matrix.groupScales();
        long scaleBytes = scales.map(MemorySegment::byteSize).orElse(0L);
        MemorySegment data = arena.allocate(HEADER_BYTES + codeBytes + scaleBytes, ALIGNMENT);
        data.set(LittleEndian.I64, 0, MAGIC);
        data.set(LittleEndian.I32, SCALE_TYPE_AT, scales.isEmpty() ? 0 : matrix.scaleType() == ScaleType.F32 ? 1 : 2);
        data.set(LittleEndian.I32, GROUP_AT, matrix.group());
        data.set(LittleEndian.F32, SCALE_AT, matrix.tensorScale());
        for (int code = 0; code < 4; code++) {
            data.set(LittleEndian.I8, CODEBOOK_AT + code, (byte)
                    matrix.codebook().value(code));
        }
        for (int i = 0; i < dims.size(); i++) {
            data.set(LittleEndian.I32, DIMS_AT + 4L * i, Math.toIntExact(dims.get(i)));
        }
        MemorySegment.copy(matrix.codes(), 0, data, HEADER_BYTES, codeBytes);
        if (scales.isPresent()) {
            store(scales.get(), matrix.scaleType(), data.asSlice(HEADER_BYTES + codeBytes));
        }
        data.set(LittleEndian.I32, CRC_AT, crc(data));
        return data;
    }

    /** The scales of a matrix have the byte order of the machine. */
    private static void store(MemorySegment scales, ScaleType type, MemorySegment to) {
        long count = scales.byteSize() / type.bytes();
        if (type == ScaleType.F32) {
            MemorySegment.copy(scales, ValueLayout.JAVA_FLOAT, 0, to, LittleEndian.F32, 0, count);
        } else {
            MemorySegment.copy(scales, ValueLayout.JAVA_SHORT, 0, to, LittleEndian.I16, 0, count);
        }
    }

    /**
     * Verifies the checksum of the bytes.
     *
     * @throws GgufException if it does not match
     */
    public static void verify(GgufTensor tensor) throws GgufException {
        int stored = tensor.data().get(LittleEndian.I32, CRC_AT);
        int seen = crc(tensor.data());
        if (seen != stored) {
            throw new GgufException(tensor + ": the bytes have the CRC-32C " + Integer.toHexString(seen) + ", expected "
                    + Integer.toHexString(stored) + "; the file is damaged, convert the model again");
        }
    }

    private static int crc(MemorySegment data) {
        CRC32C crc = new CRC32C();
        for (long at = HEADER_BYTES; at < data.byteSize(); at += CRC_PIECE) {
            crc.update(
                    data.asSlice(at, Math.min(CRC_PIECE, data.byteSize() - at)).asByteBuffer());
        }
        return (int) crc.getValue();
    }
}
