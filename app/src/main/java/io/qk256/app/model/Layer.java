package io.qk256.app.model;

import java.util.stream.Stream;

/** The weights of a layer, by their names in the file without {@code blk.N.} and {@code .weight}. */
record Layer(
        RmsNorm attnNorm,
        BitLinear attnQ,
        BitLinear attnK,
        BitLinear attnV,
        RmsNorm attnSubNorm,
        BitLinear attnOutput,
        RmsNorm ffnNorm,
        BitLinear ffnGate,
        BitLinear ffnUp,
        RmsNorm ffnSubNorm,
        BitLinear ffnDown) {

    /** Bytes of the ternary weights. */
    long bytes() {
        return Stream.of(attnQ, attnK, attnV, attnOutput, ffnGate, ffnUp, ffnDown)
                .mapToLong(matrix -> matrix.weights().codes().byteSize())
                .sum();
    }
}
