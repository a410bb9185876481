package io.qk256.tck;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ResourceTest {

    /** On a busy machine, such memory has passed for a leak: 7 MB after 60 calls. */
    @Test
    void allocationIsNotSeenBeforeACollection() {
        assertThat(Resource.heapIsKnown()).isTrue();
        List<byte[]> allocated = new ArrayList<>();
        long before;
        long after;
        long collections;
        do { // Other tests allocate as well.
            System.gc();
            collections = collections();
            before = Resource.HEAP.held();
            for (int i = 0; i < 20; i++) {
                allocated.add(new byte[100_000]);
            }
            after = Resource.HEAP.held();
        } while (collections != collections());
        assertThat(after).isEqualTo(before).isPositive();
        assertThat(allocated).isNotEmpty();
    }

    private static long collections() {
        return ManagementFactory.getGarbageCollectorMXBeans().stream()
                .mapToLong(GarbageCollectorMXBean::getCollectionCount)
                .sum();
    }
}
