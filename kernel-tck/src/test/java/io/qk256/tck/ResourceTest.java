package io.qk256.tck;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ResourceTest {

    /** On a busy machine, such memory has passed for a leak: 7 MB after 60 calls. */
    @Test
    void theHeapHoldsWhatACollectionLeaves() {
        assertThat(Resource.heapIsKnown()).isTrue();
        long before = Resource.HEAP.held();
        long atMost = Resource.HEAP.heldAtMost();
        List<byte[]> allocated = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            allocated.add(new byte[100_000]);
        }
        assertThat(Resource.HEAP.held()).isLessThan(before + 1_000_000);
        assertThat(Resource.HEAP.heldAtMost()).isGreaterThan(atMost + 1_000_000);
        System.gc();
        assertThat(Resource.HEAP.held()).isGreaterThan(before + 5_000_000);
        assertThat(allocated).hasSize(50);
    }
}
