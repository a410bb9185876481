package io.qk256.tck.bench;

import io.qk256.spi.Qk256Matrix;

/** Matrices, one after the other; for one thread. */
final class Rotation {

    private final Qk256Matrix[] matrices;
    private final int step;
    private int at;

    Rotation(Qk256Matrix[] matrices, int start, int step) {
        this.matrices = matrices;
        this.at = start;
        this.step = step;
    }

    Qk256Matrix next() {
        int now = at;
        int after = now + step;
        at = after == matrices.length ? 0 : after;
        return matrices[now];
    }
}
