package io.qk256.gguf.layout;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.LittleEndian;
import io.qk256.gguf.TensorType;
import io.qk256.spi.Codebook;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.memory.Packing;
import io.qk256.testing.Fixtures;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BlockPackingTest {

    private final Arena arena = Arena.ofShared();

    @AfterEach
    void close() {
        arena.close();
    }

    private static byte[] ternary(Qk256Matrix w) {
        byte[] values = new byte[w.rows() * w.cols()];
        Packing.unpack(w, MemorySegment.ofArray(values));
        for (int i = 0; i < values.length; i++) {
            values[i]--;
        }
        return values;
    }

    private static void assertSameWeights(Qk256Matrix w, MemorySegment expected) {
        byte[] codes = new byte[w.rows() * w.cols()];
        Packing.unpack(w, MemorySegment.ofArray(codes));
        for (int i = 0; i < codes.length; i++) {
            float seen = w.codebook().value(codes[i]) * w.scale(i / w.cols(), i % w.cols() / w.group());
            assertThat(seen).as("weight %d", i).isEqualTo(expected.getAtIndex(LittleEndian.F32, i));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void i2sOfBitnetCppKeepsItsWeights(int threads) throws GgufException {
        Qk256Matrix w = BlockPacking.pack(
                TensorType.I2_S, 128, 256, Fixtures.segment("i2s_128x256.packed.bin"), arena, threads);
        assertThat(ternary(w)).isEqualTo(Fixtures.bytes("i2s_128x256.ternary.i8"));
        assertThat(w.tensorScale()).isEqualTo(0.8125f);
        assertThat(w.codebook()).isEqualTo(Codebook.TERNARY);
        assertThat(w.isOffHeap()).isTrue();
    }

    @Test
    void eachLayoutOfI2sGivesTheSameMatrix() throws GgufException {
        byte[] truth = Fixtures.ofProof("i2s_32x2560.ternary.i8").toArray(JAVA_BYTE);
        MemorySegment arm = Fixtures.segment("i2s_32x2560.packed_arm.bin");
        MemorySegment rows4 = Fixtures.segment("i2s_32x2560.packed_rows4.bin");
        assertThat(ternary(BlockPacking.pack(TensorType.I2_S_ARM, 32, 2560, arm, arena, 2)))
                .isEqualTo(truth);
        assertThat(ternary(BlockPacking.pack(TensorType.I2_S_ROWS4, 32, 2560, rows4, arena, 2)))
                .isEqualTo(truth);
    }

    @Test
    void blocksOfGgmlKeepTheirBits() throws GgufException {
        MemorySegment tq2 = Fixtures.ofProof("tq2_0.blocks");
        MemorySegment tq1 = Fixtures.segment("tq1_0.blocks");
        assertSameWeights(
                BlockPacking.pack(TensorType.TQ2_0, 64, 512, tq2, arena, 2), Fixtures.ofProof("tq2_0.dequant.f32"));
        assertSameWeights(
                BlockPacking.pack(TensorType.TQ1_0, 64, 512, tq1, arena, 2), Fixtures.segment("tq1_0.dequant.f32"));
    }

    /** A Q2_0 block is an f16 scale and 64 codes in QK256 order. */
    @Test
    void q2KeepsItsCodes() throws GgufException {
        byte[] row = new byte[4 * 18];
        for (int block = 0; block < 4; block++) {
            row[block * 18 + 1] = 0x40; // 2 as f16
            for (int i = 0; i < 16; i++) {
                row[block * 18 + 2 + i] = (byte) (block * 16 + i);
            }
        }
        Qk256Matrix w = BlockPacking.pack(TensorType.Q2_0, 1, 256, MemorySegment.ofArray(row), arena, 1);
        for (int i = 0; i < 64; i++) {
            assertThat(w.codes().get(JAVA_BYTE, i)).isEqualTo((byte) i);
        }
        assertThat(w.tensorScale()).isEqualTo(2);
    }

    @Test
    void dataMayBeLongerAtAnyPlaceAndStays() throws GgufException {
        byte[] blocks = Fixtures.bytes("i2s_128x256.packed.bin");
        MemorySegment longer = arena.allocate(blocks.length + 4L);
        longer.fill((byte) 77);
        longer.asSlice(1, blocks.length).copyFrom(MemorySegment.ofArray(blocks));
        Qk256Matrix w =
                BlockPacking.pack(TensorType.I2_S, 128, 256, longer.asSlice(1).asReadOnly(), arena, 1);
        assertThat(ternary(w)).isEqualTo(Fixtures.bytes("i2s_128x256.ternary.i8"));
        assertThat(w.tensorScale()).isEqualTo(0.8125f);
        assertThat(longer.asSlice(1, blocks.length).toArray(JAVA_BYTE)).isEqualTo(blocks);
    }

    @Test
    void whatDoesNotFitIsRefused() {
        MemorySegment bytes = MemorySegment.ofArray(new byte[65]);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BlockPacking.pack(TensorType.TQ2_0, 1, 256, bytes, arena, 1))
                .withMessage("data: 65 bytes, expected 66 or more (1 rows x 256 columns of TQ2_0 (type 35))");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BlockPacking.pack(TensorType.Q8_0, 1, 256, bytes, arena, 1))
                .withMessage("type: Q8_0 (type 8), expected I2_S, TQ1_0, TQ2_0, PTQ1_0, Q2_0 or PQ2_0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BlockPacking.bytes(TensorType.TQ2_0, 1, 300))
                .withMessage("shape: 1 rows x 300 columns, expected 1 row or more, and a multiple of 256 columns,"
                        + " the weights in a block of TQ2_0 (type 35)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BlockPacking.bytes(TensorType.I2_S, 0, 128))
                .withMessageStartingWith("shape: 0 rows x 128 columns");
    }

    @Test
    void damagedDataIsRefusedAsInAFile() {
        MemorySegment neverWritten = MemorySegment.ofArray(new byte[64]);
        assertThatThrownBy(() -> BlockPacking.pack(TensorType.I2_S, 1, 128, neverWritten, arena, 1))
                .isInstanceOf(GgufException.class)
                .hasMessageStartingWith("memory, tensor to pack of I2_S (type 36), 1x128: the scale is 0 but");
    }
}
