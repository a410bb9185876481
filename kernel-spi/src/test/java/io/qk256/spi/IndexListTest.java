package io.qk256.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class IndexListTest {

    private final Arena arena = Arena.ofAuto();

    @Test
    void rowsAreKeptInAscendingOrder() {
        IndexList list = IndexList.allocate(arena, 3);
        assertThat(list).hasToString("0 rows");
        list.add(0);
        list.add(7);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> list.add(7))
                .withMessage("row: 7, expected 8 or more (ascending)");
        assertThatIllegalArgumentException().isThrownBy(() -> list.add(-1));
        list.add(1_000_000_000);
        assertThatIllegalStateException()
                .isThrownBy(() -> list.add(Integer.MAX_VALUE))
                .withMessage("the list is full: it has room for 3 rows");
        assertThat(list).hasToString("3 rows up to 1000000000");
        assertThat(list.segment().toArray(ValueLayout.JAVA_INT)).containsExactly(0, 7, 1_000_000_000);
        list.clear();
        assertThat(list.size()).isZero();
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> list.get(0));
        list.add(5);
        assertThat(list.get(0)).isEqualTo(5);
        assertThat(list.capacity()).isEqualTo(3);
    }

    @Test
    void takesRowsOfAnArray() {
        IndexList list = IndexList.allocate(arena, 4);
        list.add(new int[] {1, 3, 0}, 2);
        assertThatIllegalArgumentException().isThrownBy(() -> list.add(new int[] {3, 4}, 2));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> list.add(new int[] {5, 7, 6}, 3))
                .withMessage("rows: they do not ascend from 4");
        assertThatIllegalArgumentException().isThrownBy(() -> list.add(new int[] {5, 5}, 2));
        assertThatIllegalStateException()
                .isThrownBy(() -> list.add(new int[] {5, 6, 7}, 3))
                .withMessage("the list has room for 4 rows, and 5 would be in it");
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> list.add(new int[1], 2));
        list.add(new int[0], 0);
        assertThat(list).hasToString("2 rows up to 3");
        list.add(new int[] {5, 6}, 2);
        assertThat(list.segment().toArray(ValueLayout.JAVA_INT)).containsExactly(1, 3, 5, 6);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> IndexList.allocate(arena, 1).add(new int[] {-1}, 1));
    }

    @Test
    void negativeRowsAreNone() {
        IndexList list = IndexList.allocate(arena, 1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> list.add(-1))
                .withMessage("row: -1, expected 0 or more (ascending)");
    }

    @Test
    void findsThePositionOfARow() {
        IndexList list = IndexList.allocate(arena, 50);
        assertThat(list.position(9)).isZero();
        for (int row = 3; row < 150; row += 3) {
            list.add(row);
        }
        for (int row = 0; row < 160; row++) {
            int below = Math.min(49, Math.max(0, Math.ceilDiv(row, 3) - 1));
            assertThat(list.position(row)).as("row %d", row).isEqualTo(below);
        }
    }

    /** So a list stays valid once it is. */
    @Test
    void onlyTheListWritesToItsMemory() {
        IndexList list = IndexList.allocate(arena, 1);
        assertThat(list.segment().isReadOnly()).isTrue();
        assertThat(list.isOffHeap()).isTrue();
        assertThat(list.address(0) % 64).isZero();
    }

    @Test
    void aCapacityBelowZeroIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> IndexList.allocate(arena, -1))
                .withMessage("capacity: -1, expected 0 or more");
    }
}
