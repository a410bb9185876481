package io.qk256.app.model;

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
        BitLinear ffnDown) {}
