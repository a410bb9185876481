package io.qk256.llm.model;

/** The most probable token. */
final class Argmax {

    private Argmax() {}

    static int of(float[] logits) {
        int best = 0;
        for (int i = 1; i < logits.length; i++) {
            if (logits[i] > logits[best]) {
                best = i;
            }
        }
        return best;
    }
}
