package io.qk256.tck.bench;

import io.qk256.spi.Qk256Matrix;

/** Matrices, one after the other, again and again; for one thread. */
final class Rotation {

    private final Qk256Matrix[] matrices;
    private int at;

    Rotation(Qk256Matrix[] matrices) {
        this.matrices = matrices;
    }

    Qk256Matrix[] all() {
        return matrices.clone();
    }

    Qk256Matrix next() {
        int now = at;
        at = now + 1 == matrices.length ? 0 : now + 1;
        return matrices[now];
    }
}
