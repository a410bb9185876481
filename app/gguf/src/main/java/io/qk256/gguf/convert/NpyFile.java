package io.qk256.gguf.convert;

import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.LittleEndian;
import io.qk256.gguf.layout.RowReader;
import io.qk256.gguf.layout.TensorRows;
import io.qk256.spi.support.OutputFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * Writes rows of numbers for NumPy: NPY format 1.0, f32 little-endian, shape rows x columns.
 *
 * <p>Source: the format's specification, {@code numpy/lib/format.py}.
 */
public final class NpyFile {

    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
    private static final int ALIGNMENT = 64;
    private static final long PIECE_VALUES = 1 << 18;

    private NpyFile() {}

    /**
     * Writes a file.
     *
     * @throws IOException if it cannot be written
     */
    public static void write(TensorRows rows, Path file) throws IOException {
        write(rows, OutputFile.of(file));
    }

    /** As above, for the project's own modules, which also write to standard output. */
    @SuppressWarnings("exports")
    public static void write(TensorRows rows, OutputFile file) throws IOException {
        GgufTensor tensor = rows.tensor();
        int cols = (int) tensor.cols();
        int rowsOfPiece = (int) Math.clamp(PIECE_VALUES / cols, 1, tensor.rows());
        RowReader reader = rows.reader(rowsOfPiece);
        float[] values = new float[Math.multiplyExact(rowsOfPiece, cols)];
        file.write(out -> {
            out.write(header(tensor.rows(), tensor.cols()));
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment piece = arena.allocate(LittleEndian.F32, values.length);
                for (long first = 0; first < tensor.rows(); first += rowsOfPiece) {
                    int count = (int) Math.min(rowsOfPiece, tensor.rows() - first);
                    reader.read(first, count, values, 0);
                    MemorySegment.copy(values, 0, piece, LittleEndian.F32, 0, count * cols);
                    out.write(piece.asSlice(0, (long) count * cols * Float.BYTES));
                }
            }
        });
    }

    /**
     * Writes an array, for the project's own modules.
     *
     * @param rows one or more rows of the same length
     * @throws IOException if the file cannot be written
     */
    @SuppressWarnings("exports")
    public static void write(List<float[]> rows, OutputFile file) throws IOException {
        int cols = rows.getFirst().length;
        file.write(out -> {
            out.write(header(rows.size(), cols));
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment row = arena.allocate(LittleEndian.F32, cols);
                for (float[] values : rows) {
                    MemorySegment.copy(values, 0, row, LittleEndian.F32, 0, cols);
                    out.write(row);
                }
            }
        });
    }

    /** Magic, version, length of the text, and the text, padded so that the values start at a multiple of 64 bytes. */
    private static byte[] header(long rows, long cols) {
        String text = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + rows + ", " + cols + "), }";
        int before = MAGIC.length + Short.BYTES;
        int total = Math.ceilDiv(before + text.length() + 1, ALIGNMENT) * ALIGNMENT;
        String padded = text + " ".repeat(total - before - text.length() - 1) + "\n";
        return ByteBuffer.allocate(total)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(MAGIC)
                .putShort((short) padded.length())
                .put(padded.getBytes(StandardCharsets.US_ASCII))
                .array();
    }
}
