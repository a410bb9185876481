package io.qk256.gguf.layout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.LittleEndian;
import io.qk256.gguf.Progress;
import io.qk256.gguf.TensorType;
import io.qk256.testing.Fixtures;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

class TensorRowsTest {

    private static float[] read(GgufTensor tensor) throws GgufException {
        RowReader reader = TensorRows.of(tensor).reader(2);
        int cols = (int) tensor.cols();
        float[] all = new float[(int) tensor.weights()];
        for (int row = 0; row < tensor.rows(); row += 2) {
            reader.read(row, (int) Math.min(2, tensor.rows() - row), all, row * cols);
        }
        return all;
    }

    private static void assertSameBits(float[] seen, MemorySegment expected) {
        int[] bits = new int[seen.length];
        for (int i = 0; i < seen.length; i++) {
            bits[i] = Float.floatToRawIntBits(seen[i]);
        }
        assertThat(bits).containsExactly(expected.toArray(LittleEndian.I32));
    }

    @ParameterizedTest
    @CsvSource({
        "F16, f16, 1",
        "BF16, bf16, 1",
        "Q8_0, q8_0, 4",
        "Q6_K, q6_k, 4",
        "Q5_K, q5_k, 4",
        "Q4_K, q4_k, 4",
        "Q5_1, q5_1, 4",
        "Q5_0, q5_0, 4",
        "Q4_1, q4_1, 4",
        "Q4_0, q4_0, 4",
        "Q2_0, groups/q2_0_codes, 8",
        "Q2_0_G128, groups/q2_0_g128, 8",
        "PQ2_0, groups/q2_0_g128, 8",
        "PTQ1_0, groups/ptq1_0, 8",
        "Q2_0, q2_0, 4",
        "Q2_0, q2_0.even, 4",
        "TQ1_0, tq1_0, 64"
    })
    void whatGgmlPackedComesOutAsGgmlDecodesIt(TensorType type, String fixture, int rows) throws GgufException {
        GgufTensor tensor = Fixtures.tensor(fixture, type, 512, rows, Fixtures.segment(fixture + ".blocks"));

        assertSameBits(read(tensor), Fixtures.segment(fixture + ".dequant.f32"));
    }

    @Test
    void twoBitsOfBitnetCppComeOutExact() throws GgufException {
        GgufTensor tensor = Fixtures.tensor("t", TensorType.I2_S, 256, 128, Fixtures.segment("i2s_128x256.packed.bin"));
        byte[] truth = Fixtures.bytes("i2s_128x256.ternary.i8");

        float[] seen = read(tensor);

        for (int i = 0; i < truth.length; i++) {
            assertThat(seen[i]).isEqualTo(truth[i] * 0.8125f);
        }
    }

    @Test
    void everyByteOfPtq1HasItsDigits() throws GgufException {
        GgufTensor tensor =
                Fixtures.tensor("t", TensorType.PTQ1_0, 128, 256, Fixtures.segment("groups/ptq1_0_everybyte.blocks"));
        byte[] digits = Fixtures.bytes("groups/ptq1_0_everybyte.trits.i8");

        float[] seen = read(tensor);

        for (int i = 0; i < digits.length; i++) {
            assertThat(seen[i]).as("weight %d", i).isEqualTo(digits[i]);
        }
    }

    @ParameterizedTest
    @CsvSource({"Q4_1, 20", "Q5_1, 24", "Q4_K, 144", "Q5_K, 176"})
    void minimumsMustBeFiniteToo(TensorType type, int blockBytes) {
        byte[] blocks = new byte[blockBytes];
        blocks[3] = 0x7C;
        GgufTensor tensor = Fixtures.tensor("t", type, type.blockWeights(), 1, Fixtures.segment(blocks));

        assertThatThrownBy(() -> FiniteCheck.require(tensor, 1, Progress.NONE))
                .isInstanceOf(GgufException.class)
                .hasMessageContaining("block 0 is Infinity, expected a finite number");
    }

    @Test
    void dimensionsBeyondTheFirstAreRows() throws GgufException {
        MemorySegment data = MemorySegment.ofArray(new float[] {1, 2, 3, 4, 5, 6, 7, 8});
        GgufTensor tensor = new GgufTensor("test", "t", TensorType.F32, List.of(2L, 2L, 2L), data);

        assertThat(read(tensor)).containsExactly(1, 2, 3, 4, 5, 6, 7, 8);
    }

    @Test
    void rowsAndRoomAreChecked() throws GgufException {
        RowReader rows = TensorRows.of(new GgufTensor(
                        "test", "t", TensorType.F32, List.of(2L, 2L), MemorySegment.ofArray(new float[4])))
                .reader(1);

        for (Runnable wrong : List.<Runnable>of(
                () -> rows.read(2, 1, new float[2], 0),
                () -> rows.read(-1, 1, new float[2], 0),
                () -> rows.read(0, 2, new float[4], 0),
                () -> rows.read(0, -1, new float[4], 0),
                () -> rows.read(0, 1, new float[1], 0),
                () -> rows.read(0, 1, new float[2], 1))) {
            assertThatThrownBy(wrong::run).isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void whatCannotBeRepackedCannotBeRead() {
        byte[] packed = Fixtures.bytes("i2s_128x256.packed.bin");
        packed[0] = -1;
        GgufTensor tensor = Fixtures.tensor("t", TensorType.I2_S, 256, 128, Fixtures.segment(packed));

        assertThatThrownBy(() -> TensorRows.of(tensor))
                .isInstanceOf(GgufException.class)
                .hasMessageContaining("row 0, column 0 has code 3");
    }

    @ParameterizedTest
    @EnumSource(
            value = TensorType.class,
            mode = Mode.EXCLUDE,
            names = {
                "F32",
                "F16",
                "BF16",
                "Q8_0",
                "Q6_K",
                "Q5_K",
                "Q4_K",
                "Q5_1",
                "Q5_0",
                "Q4_1",
                "Q4_0",
                "Q2_0",
                "Q2_0_G128",
                "PQ2_0",
                "PTQ1_0",
                "TQ1_0",
                "TQ2_0",
                "I2_S",
                "I2_S_ARM",
                "I2_S_ROWS4",
                "QK256"
            })
    void otherTypesAreRefusedByName(TensorType type) {
        GgufTensor tensor = Fixtures.tensor("t", type, 256, 1, Fixtures.segment(new byte[2048]));

        assertThatThrownBy(() -> TensorRows.of(tensor))
                .isInstanceOf(GgufException.class)
                .hasMessageContainingAll("tensor t of " + tensor.typeLabel(), "cannot be read", "convert the model");
    }
}
