package io.qk256.llm.model;

import io.qk256.spi.IndexList;
import java.lang.foreign.Arena;

/** Room to list some of a number of places; one for all layers, because each is done with it before the next begins. */
final class ListedPlaces {

    /** The list that kernels get. */
    final IndexList list;

    /** The places, before they are in the list. */
    final int[] places;

    /** What decides on each place. */
    final int[] bits;

    ListedPlaces(Arena arena, int length) {
        this.list = IndexList.allocate(arena, length);
        this.places = new int[length];
        this.bits = new int[length];
    }

    /** Makes the first places the list. */
    void list(int count) {
        list.clear();
        list.add(places, count);
    }
}
