package io.qk256.tck.bench;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Cycles through matrices, for one thread. The next matrix is looked up ahead of its call: a {@link Floor} has
 * nothing to look up, so a kernel should not wait for the lookup either.
 *
 * @param <M> the type of matrix
 */
final class Rotation<M> {

    private final List<M> matrices;
    private final List<MemorySegment> memory;
    private final boolean several;
    private int at;
    private M next;

    /** @param memory the codes and scales of each matrix */
    Rotation(List<M> matrices, List<MemorySegment> memory) {
        this.matrices = List.copyOf(matrices);
        this.memory = List.copyOf(memory);
        this.several = matrices.size() > 1;
        this.next = matrices.getFirst();
    }

    /** The codes and scales of each matrix. */
    List<MemorySegment> memory() {
        return memory;
    }

    M next() {
        M now = next;
        if (several) {
            at = at + 1 == matrices.size() ? 0 : at + 1;
            next = matrices.get(at);
        }
        return now;
    }
}
