package io.qk256.gguf.layout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.LittleEndian;
import io.qk256.gguf.TensorType;
import io.qk256.gguf.ValueType;
import io.qk256.spi.Codebook;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.ScaleType;
import io.qk256.testing.Fixtures;
import io.qk256.testing.GgufBuilder;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class Qk256CodecTest {

    private static final long SEED = 7;
    private static final int ROWS = 6;
    private static final int COLS = 600;

    private final Arena arena = Arena.ofConfined();

    @AfterEach
    void close() {
        arena.close();
    }

    /** The forms of scales; the group is 0 if there are none. */
    enum Form {
        NONE(0, ScaleType.F32),
        F32_OF_256(256, ScaleType.F32),
        F16_OF_256(256, ScaleType.F16),
        F16_OF_128(128, ScaleType.F16),
        F16_OF_64(64, ScaleType.F16),
        F32_OF_64(64, ScaleType.F32);

        private final int group;
        private final ScaleType type;

        Form(int group, ScaleType type) {
            this.group = group;
            this.type = type;
        }
    }

    private Qk256Matrix random(Form form) {
        SplittableRandom random = new SplittableRandom(SEED);
        byte[] codes = new byte[(int) (ROWS * Qk256.rowBytes(COLS))];
        random.nextBytes(codes);
        Qk256Matrix matrix = Qk256Matrix.of(Fixtures.segment(codes), ROWS, COLS, Codebook.QK256)
                .withTensorScale(0.3f);
        if (form.group == 0) {
            return matrix;
        }
        int count = ROWS * Math.ceilDiv(COLS, form.group);
        MemorySegment scales = arena.allocate((long) form.type.bytes() * count, 4);
        for (int i = 0; i < count; i++) {
            if (form.type == ScaleType.F32) {
                scales.setAtIndex(LittleEndian.F32, i, random.nextFloat());
            } else {
                scales.setAtIndex(LittleEndian.I16, i, Float.floatToFloat16(random.nextFloat()));
            }
        }
        return matrix.withGroupScales(scales, form.group, form.type);
    }

    private GgufFile file(MemorySegment stored) throws GgufException {
        byte[] bytes = GgufBuilder.header(1, 1)
                .entry("qk256.version", ValueType.U32)
                .i32(1)
                .tensor("t", 24, 0, stored.byteSize())
                .data(0)
                .raw(stored.toArray(LittleEndian.I8))
                .bytes();
        return WeightFile.of(Fixtures.segment(bytes), "file");
    }

    @ParameterizedTest
    @EnumSource(Form.class)
    void whatIsStoredIsReadWithoutACopy(Form form) throws GgufException {
        Qk256Matrix matrix = random(form);
        List<Long> dims = List.of((long) COLS, 2L, 3L);

        GgufTensor tensor = file(Qk256Codec.store(matrix, dims, arena)).requireTensor("t");
        Qk256Matrix read = Repack.repack(tensor, arena);

        assertThat(tensor.type()).isEqualTo(TensorType.QK256);
        assertThat(tensor.dims()).isEqualTo(dims);
        assertThat(read.codes().asOverlappingSlice(tensor.data())).isPresent();
        assertThat(read.codes().mismatch(matrix.codes())).isEqualTo(-1);
        assertThat(read.codebook()).isEqualTo(Codebook.QK256);
        assertThat(read.tensorScale()).isEqualTo(0.3f);
        assertThat(read.groupScales().isPresent()).isEqualTo(form.group > 0);
        assertThat(read.group()).isEqualTo(matrix.group());
        assertThat(read.scaleType()).isEqualTo(matrix.scaleType());
        read.groupScales().ifPresent(scales -> {
            assertThat(scales.asOverlappingSlice(tensor.data())).isPresent();
            assertThat(scales.mismatch(matrix.groupScales().orElseThrow())).isEqualTo(-1);
        });
        Qk256Codec.verify(tensor);
    }

    @ParameterizedTest
    @EnumSource(Form.class)
    void thePlainDecoderAgrees(Form form) throws GgufException {
        Qk256Matrix matrix = random(form);
        PlainDecoder plain = PlainDecoder.of(file(Qk256Codec.store(matrix, List.of((long) COLS, (long) ROWS), arena))
                .requireTensor("t"));
        byte[] values = new byte[COLS];
        for (int row = 0; row < ROWS; row++) {
            plain.row(row, values);
            for (int col = 0; col < COLS; col++) {
                int code = Qk256.code(matrix.codes().asSlice(row * matrix.rowStride()), col);
                assertThat((float) values[col]).isEqualTo(matrix.codebook().value(code));
                assertThat(plain.scale(row, col / plain.group())).isEqualTo(matrix.scale(row, col / matrix.group()));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Form.class)
    void rowsAreThoseOfThePlainDecoder(Form form) throws GgufException {
        GgufTensor tensor = file(Qk256Codec.store(random(form), List.of((long) COLS, (long) ROWS), arena))
                .requireTensor("t");
        PlainDecoder plain = PlainDecoder.of(tensor);
        byte[] values = new byte[COLS];
        float[] rows = new float[2 * COLS];
        TensorRows.of(tensor).reader(2).read(ROWS - 2, 2, rows, 0);
        plain.row(ROWS - 1, values);
        for (int col = 0; col < COLS; col++) {
            assertThat(rows[COLS + col]).isEqualTo(values[col] * plain.scale(ROWS - 1, col / plain.group()));
        }
    }

    /** Version 1 had no field for the group, which was 0. */
    @Test
    void filesOfVersion1AreRead() throws GgufException {
        Qk256Matrix matrix = random(Form.F32_OF_256);
        MemorySegment stored = Qk256Codec.store(matrix, List.of((long) COLS, (long) ROWS), arena);
        stored.set(LittleEndian.I32, 20, 0);

        Qk256Matrix read = Repack.repack(file(stored).requireTensor("t"), arena);

        assertThat(read.group()).isEqualTo(256);
        assertThat(read.scale(5, 2)).isEqualTo(matrix.scale(5, 2));
    }

    @Test
    void scalesInAByteArrayAreCopied() throws GgufException {
        MemorySegment stored = Qk256Codec.store(random(Form.F16_OF_64), List.of((long) COLS, (long) ROWS), arena);
        byte[] heap = stored.toArray(LittleEndian.I8);
        GgufTensor tensor =
                Qk256Codec.recognise(Fixtures.tensor("t", TensorType.I8, heap.length, 1, MemorySegment.ofArray(heap)));

        assertThat(Repack.repack(tensor, arena).groupScale(1, 1))
                .isEqualTo(random(Form.F16_OF_64).groupScale(1, 1));
    }

    @ParameterizedTest
    @EnumSource(Form.class)
    void inPlaceEverythingIsWhereItIsStored(Form form) throws GgufException {
        GgufTensor tensor = file(Qk256Codec.store(random(form), List.of((long) COLS, (long) ROWS), arena))
                .requireTensor("t");
        Qk256Matrix read = Repack.inPlace(tensor);
        assertThat(read.codes().asOverlappingSlice(tensor.data())).isPresent();
        read.groupScales()
                .ifPresent(scales ->
                        assertThat(scales.asOverlappingSlice(tensor.data())).isPresent());
        assertThat(read.scale(1, 1)).isEqualTo(random(form).scale(1, 1));
    }

    @Test
    void scalesThatMustBeCopiedAreRefusedInPlace() throws GgufException {
        MemorySegment stored = Qk256Codec.store(random(Form.F16_OF_64), List.of((long) COLS, (long) ROWS), arena);
        MemorySegment moved =
                arena.allocate(stored.byteSize() + 1, 64).asSlice(1).copyFrom(stored);
        GgufTensor tensor = Qk256Codec.recognise(Fixtures.tensor("t", TensorType.I8, stored.byteSize(), 1, moved));

        assertThatThrownBy(() -> Repack.inPlace(tensor))
                .isInstanceOf(GgufException.class)
                .hasMessageContainingAll("tensor t", "the group scales start at the address", "a multiple of 2");
    }

    @Test
    void otherTensorsOfI8StayWhatTheyAre() throws GgufException {
        GgufTensor numbers = Fixtures.tensor("t", TensorType.I8, 128, 1, Fixtures.segment(new byte[128]));
        assertThat(Qk256Codec.recognise(numbers)).isSameAs(numbers);
        GgufTensor few = Fixtures.tensor("t", TensorType.I8, 8, 1, Fixtures.segment(new byte[8]));
        assertThat(Qk256Codec.recognise(few)).isSameAs(few);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    12 | 3          | the type of the group scales: 3, expected 0 to 2
                    20 | 96         | 96 weights share a scale, expected 64, 128 or 256
                    16 | 2143289344 | the scale is NaN, expected a finite number
                    32 | 127        | the value of code 0: 127, expected -64 to 63
                    48 | 0          | dimension 0 of the weights is 0, expected 1 to 2147483647
                    48 | -1         | dimension 0 of the weights is 4294967295
                    52 | 7          | weights of dimensions [600, 7] need 1408 bytes, but the tensor has 1216
                    52 | 2147483647 | bytes, but the tensor has 1216
                    56 | 2147483647 | bytes, but the tensor has 1216
                    60 | 1          | dimension 3 of the weights is 1
                    """)
    void brokenHeadersAreRefused(int at, int value, String message) {
        MemorySegment stored = Qk256Codec.store(random(Form.NONE), List.of((long) COLS, (long) ROWS), arena);
        assertThat(stored.byteSize()).isEqualTo(64 + 6 * 192);
        stored.set(LittleEndian.I32, at, value);

        assertThatThrownBy(() -> file(stored))
                .isInstanceOf(GgufException.class)
                .hasMessageContainingAll("file, tensor t", message);
    }

    @Test
    void aChangedBitIsFound() throws GgufException {
        MemorySegment stored = Qk256Codec.store(random(Form.F16_OF_64), List.of((long) COLS, (long) ROWS), arena);
        stored.set(LittleEndian.I8, 700, (byte) (stored.get(LittleEndian.I8, 700) ^ 4));
        GgufTensor tensor = file(stored).requireTensor("t");

        assertThatThrownBy(() -> Qk256Codec.verify(tensor))
                .isInstanceOf(GgufException.class)
                .hasMessageContainingAll("CRC-32C", "convert the model again");
    }

    @Test
    void anotherVersionIsRefused() {
        byte[] bytes = GgufBuilder.header(0, 1)
                .entry("qk256.version", ValueType.U32)
                .i32(3)
                .bytes();
        assertThatThrownBy(() -> WeightFile.of(MemorySegment.ofArray(bytes), "file"))
                .isInstanceOf(GgufException.class)
                .hasMessageContaining("qk256.version is 3, expected 1 to 2");
    }
}
