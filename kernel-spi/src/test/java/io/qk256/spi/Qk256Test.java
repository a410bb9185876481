package io.qk256.spi;

import static io.qk256.spi.BadArguments.nothing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class Qk256Test {

    @ParameterizedTest
    @CsvSource({
        "1, 1, 64",
        "255, 1, 64",
        "256, 1, 64",
        "257, 2, 128",
        "512, 2, 128",
        "513, 3, 192",
        "2147483647, 8388608, 536870912"
    })
    void rowsAreWholeBlocks(int cols, int blocks, long rowBytes) {
        assertThat(Qk256.blocks(cols)).isEqualTo(blocks);
        assertThat(Qk256.rowBytes(cols)).isEqualTo(rowBytes);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, Integer.MIN_VALUE})
    void aRowHasAtLeastOneColumn(int cols) {
        String message = "cols: " + cols + ", expected 1 or more";
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Qk256.blocks(cols))
                .withMessage(message);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Qk256.rowBytes(cols))
                .withMessage(message);
    }

    /** 0xE4 is 11 10 01 00: the first weight is in the lowest bits. 0x1B is the reverse. */
    @Test
    void theFirstWeightIsInTheLowestBits() {
        MemorySegment row = MemorySegment.ofArray(new byte[] {(byte) 0xE4, 0x1B, (byte) 0x80});
        int[] codes = new int[12];
        Arrays.setAll(codes, i -> Qk256.code(row, i));
        assertThat(codes).containsExactly(0, 1, 2, 3, 3, 2, 1, 0, 0, 0, 0, 2);
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 8, Long.MAX_VALUE, Long.MIN_VALUE})
    void aWeightOutsideTheSegmentIsRefused(long i) {
        MemorySegment row = MemorySegment.ofArray(new byte[2]);
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> Qk256.code(row, i));
    }

    @Test
    void packsIntoTheLowestBitsFirstAndClearsThePadding() {
        byte[] row = new byte[65];
        Arrays.fill(row, (byte) 0xFF);
        Qk256.pack(new byte[] {0, 1, 2, 3, 3, 2, 1, 0, 2}, MemorySegment.ofArray(row));

        assertThat(Arrays.copyOf(row, 3)).containsExactly(0xE4, 0x1B, 0x02);
        assertThat(Arrays.copyOfRange(row, 3, 64)).containsOnly(0);
        assertThat(row[64]).as("byte after the row").isEqualTo((byte) 0xFF);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 255, 256, 257, 511, 512, 513, 1027})
    void codesComeBackAsTheyWerePacked(int cols) {
        byte[] codes = new byte[cols];
        for (int i = 0; i < cols; i++) {
            codes[i] = (byte) (i * 7 + i / 5 & 3);
        }
        MemorySegment row = MemorySegment.ofArray(new byte[Math.toIntExact(Qk256.rowBytes(cols))]);
        Qk256.pack(codes, row);

        byte[] unpacked = new byte[cols];
        for (int i = 0; i < cols; i++) {
            unpacked[i] = (byte) Qk256.code(row, i);
        }
        assertThat(unpacked).isEqualTo(codes);
    }

    @ParameterizedTest
    @ValueSource(bytes = {4, -1, 127, -128})
    void aCodeHasTwoBits(byte code) {
        MemorySegment row = MemorySegment.ofArray(new byte[64]);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Qk256.pack(new byte[] {3, code}, row))
                .withMessage("codes[1]: " + code + ", expected 0 to 3");
    }

    @Test
    void aRowThatIsTooSmallIsRefusedAndUnchanged() {
        byte[] row = new byte[127];
        Arrays.fill(row, (byte) 9);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Qk256.pack(new byte[257], MemorySegment.ofArray(row)))
                .withMessage("row: 257 codes need 128 bytes, got 127");
        assertThat(row).containsOnly(9);
    }

    @Test
    void nullCodesAreNamed() {
        MemorySegment row = MemorySegment.ofArray(new byte[64]);
        assertThatNullPointerException()
                .isThrownBy(() -> Qk256.pack(nothing(), row))
                .withMessage("codes");
    }
}
