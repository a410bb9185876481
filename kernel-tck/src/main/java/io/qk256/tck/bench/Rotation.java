package io.qk256.tck.bench;

import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.MemorySegment;

/**
 * Cycles through matrices, for one thread. The next matrix is looked up ahead of its call: a {@link Floor} has
 * nothing to look up, so a kernel should not wait for the lookup either.
 */
final class Rotation {

    private final Qk256Matrix[] matrices;
    private final MemorySegment[] memory;
    private final boolean several;
    private int at;
    private Qk256Matrix next;

    /** @param memory the codes and scales of each matrix */
    Rotation(Qk256Matrix[] matrices, MemorySegment[] memory) {
        this.matrices = matrices;
        this.memory = memory;
        this.several = matrices.length > 1;
        this.next = matrices[0];
    }

    /** The codes and scales of each matrix. */
    MemorySegment[] memory() {
        return memory.clone();
    }

    Qk256Matrix next() {
        Qk256Matrix now = next;
        if (several) {
            at = at + 1 == matrices.length ? 0 : at + 1;
            next = matrices[at];
        }
        return now;
    }
}
