package io.qk256.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class Q8MatrixTest {

    private static final int ROWS = 35;
    private static final int COLS = 70;

    private final Q8Matrix w = Q8Matrix.allocate(Arena.ofAuto(), ROWS, COLS);

    @Test
    void itsSizesCountWholeBlocks() {
        assertThat(Q8Matrix.codesBytes(ROWS, COLS)).isEqualTo(3 * 3 * 512);
        assertThat(Q8Matrix.scalesBytes(ROWS, COLS)).isEqualTo(3 * 3 * 16 * 2);
        assertThat(Q8Matrix.codesBytes(16, 32)).isEqualTo(512);
        assertThat(Q8Matrix.codesBytes(0, 32)).isZero();
        assertThat(Q8Matrix.codesBytes(Integer.MAX_VALUE, Integer.MAX_VALUE)).isEqualTo((1L << 27) * (1L << 26) * 512);
        assertThat(w.groups()).isEqualTo(3);
    }

    /** The places that the documentation gives, written out. */
    @Test
    void codesAndScalesLieWhereTheLayoutSays() {
        assertThat(w.codeAt(0, 0)).isZero();
        assertThat(w.codeAt(0, 3)).isEqualTo(3);
        assertThat(w.codeAt(1, 0)).isEqualTo(4);
        assertThat(w.codeAt(15, 3)).isEqualTo(63);
        assertThat(w.codeAt(0, 4)).isEqualTo(64);
        assertThat(w.codeAt(2, 31)).isEqualTo(7 * 64 + 2 * 4 + 3);
        assertThat(w.codeAt(0, 32)).isEqualTo(512);
        assertThat(w.codeAt(16, 0)).isEqualTo(3 * 512);
        assertThat(w.scaleAt(3, 2)).isEqualTo((2 * 16 + 3) * 2);
        assertThat(w.scaleAt(34, 1)).isEqualTo(((2 * 3 + 1) * 16 + 2) * 2);
    }

    @Test
    void noTwoWeightsShareAPlace() {
        Set<Long> places = new HashSet<>();
        for (int row = 0; row < ROWS; row++) {
            for (int col = 0; col < COLS; col++) {
                assertThat(places.add(w.codeAt(row, col))).isTrue();
            }
        }
        assertThat(places).allMatch(place -> place >= 0 && place < w.codes().byteSize());
    }

    @Test
    void codesAndScalesAreRead() {
        w.codes().set(ValueLayout.JAVA_BYTE, w.codeAt(20, 40), (byte) -7);
        w.scales().set(ValueLayout.JAVA_SHORT, w.scaleAt(20, 1), Float.floatToFloat16(0.25f));
        assertThat(w.code(20, 40)).isEqualTo((byte) -7);
        assertThat(w.scale(20, 1)).isEqualTo(0.25f);
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> w.code(ROWS, 0));
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> w.code(0, COLS));
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> w.scale(0, 3));
    }

    @Test
    void addressesAreThoseOfTiles() {
        assertThat(w.codesAddress(15)).isEqualTo(w.codes().address());
        assertThat(w.codesAddress(16)).isEqualTo(w.codes().address() + 3 * 512);
        assertThat(w.scalesAddress(33)).isEqualTo(w.scales().address() + 2 * 3 * 32);
        assertThat(w.isOffHeap()).isTrue();
    }

    @Test
    void wrongShapesAndMemoryAreRefused() {
        MemorySegment codes = MemorySegment.ofArray(new byte[512]);
        MemorySegment scales = MemorySegment.ofArray(new short[16]);
        assertThat(Q8Matrix.of(codes, scales, 16, 32).isOffHeap()).isFalse();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Q8Matrix.of(codes, scales, 17, 32))
                .withMessage("codes: 17 rows x 32 columns in blocks of 16 x 32 = 1024 bytes needed, got 512");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Q8Matrix.of(codes, scales.asSlice(2), 16, 32))
                .withMessage("scales: 16 rows x 32 columns in blocks of 16 x 32 = 32 bytes needed, got 30");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Q8Matrix.of(codes, MemorySegment.ofArray(new byte[32]), 16, 32))
                .withMessageContaining("scales: the segment is aligned to 1 byte(s), expected 2 or more");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Q8Matrix.of(codes, scales, -1, 32))
                .withMessage("shape: -1 rows x 32 columns, expected 0 or more rows, 1 or more columns");
        assertThatIllegalArgumentException().isThrownBy(() -> Q8Matrix.of(codes, scales, 1, 0));
    }
}
