package io.qk256.gguf.layout;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.Progress;
import io.qk256.gguf.TensorType;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import io.qk256.testing.Fixtures;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Properties of every registered type, including future ones. */
class TensorCodecsTest {

    /** Zeros as 2-bit codes, and finite as f16 and f32. */
    private static final byte ANY = 0x55;

    private static final int COLS = 512;
    private static final int ROWS = 4;

    static Stream<TensorType> types() {
        return Arrays.stream(TensorType.values())
                .filter(type -> TensorCodecs.find(type).isPresent() && type != TensorType.QK256);
    }

    private static GgufTensor tensor(TensorType type) {
        byte[] data = new byte[(int) type.bytes(ROWS * COLS)];
        Arrays.fill(data, ANY);
        return Fixtures.tensor("t", type, COLS, ROWS, Fixtures.segment(data));
    }

    @ParameterizedTest
    @MethodSource("types")
    void rowsAreReadToTheLastByteAndNoFurther(TensorType type) throws GgufException {
        GgufTensor tensor = tensor(type);
        float[] all = new float[ROWS * COLS];
        TensorRows.of(tensor).reader(ROWS).read(0, ROWS, all, 0);
        FiniteCheck.require(tensor, 2, Progress.NONE);

        float[] last = new float[COLS + 2];
        TensorRows.of(tensor).reader(1).read(ROWS - 1, 1, last, 1);
        for (int col = 0; col < COLS; col++) {
            assertThat(last[col + 1]).as("column %d", col).isFinite().isEqualTo(all[(ROWS - 1) * COLS + col]);
        }
        assertThat(List.of(last[0], last[COLS + 1])).containsOnly(0f);
    }

    @ParameterizedTest
    @MethodSource("types")
    void whatIsRepackedIsWhatIsRead(TensorType type) throws GgufException {
        if (Repack.refusal(type).isPresent()) {
            assertThat(TensorRows.isDense(type)).isTrue();
            return;
        }
        GgufTensor tensor = tensor(type);
        float[] all = new float[ROWS * COLS];
        TensorRows.of(tensor).reader(ROWS).read(0, ROWS, all, 0);
        try (Arena arena = Arena.ofConfined()) {
            Qk256Matrix matrix = Repack.repack(tensor, arena);
            for (int i = 0; i < all.length; i++) {
                int code = Qk256.code(matrix.codes().asSlice(i / COLS * matrix.rowStride()), i % COLS);
                float weight = matrix.codebook().value(code) * matrix.scale(i / COLS, i % COLS / matrix.group());
                assertThat(weight).as("weight %d", i).isEqualTo(all[i]);
            }
        }
    }

    @Test
    void typesAreNamedOnce() {
        assertThat(TensorCodecs.names(codec -> true, "and"))
                .isEqualTo(
                        "F16, BF16, F32, Q8_0, Q6_K, Q5_K, Q4_K, Q5_1, Q5_0, Q4_1, Q4_0, I2_S, TQ1_0, TQ2_0, PTQ1_0, Q2_0,"
                                + " PQ2_0 and QK256");
    }
}
