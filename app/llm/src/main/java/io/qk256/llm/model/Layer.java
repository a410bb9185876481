package io.qk256.llm.model;

import io.qk256.spi.Qk256Matrix;
import java.util.stream.Stream;

/** The weights of a layer, by their names in the file without {@code blk.N.} and {@code .weight}. */
record Layer(
        RmsNorm attnNorm,
        Qk256Matrix attnQ,
        Qk256Matrix attnK,
        Qk256Matrix attnV,
        RmsNorm attnSubNorm,
        Qk256Matrix attnOutput,
        RmsNorm ffnNorm,
        Qk256Matrix ffnGate,
        Qk256Matrix ffnUp,
        RmsNorm ffnSubNorm,
        Qk256Matrix ffnDown) {

    /** Bytes of the ternary weights. */
    long bytes() {
        return Stream.of(attnQ, attnK, attnV, attnOutput, ffnGate, ffnUp, ffnDown)
                .mapToLong(matrix -> matrix.codes().byteSize())
                .sum();
    }
}
