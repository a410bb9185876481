package io.qk256.llm.model;

/**
 * Exponentials of many numbers, those of {@link Exp}, by vector code once it is compiled. Holds the numbers; for one
 * thread at a time.
 */
final class Exponentials {

    private float[] values = {};
    private Softmax code;
    private boolean warm;

    /** Creates exponentials by plain code until vector code is compiled. */
    Exponentials() {
        this(new PlainSoftmax(), false);
    }

    /** Creates exponentials by certain code. */
    Exponentials(Softmax code) {
        this(code, true);
    }

    private Exponentials(Softmax code, boolean warm) {
        this.code = code;
        this.warm = warm;
    }

    /** Returns room for {@code n} numbers or more, with any contents. */
    float[] room(int n) {
        if (values.length < n) {
            values = new float[Reductions.padded(n)];
        }
        return values;
    }

    /** Replaces the first {@code n} numbers with their exponentials. */
    void apply(int n) {
        if (!warm && WarmUp.ATTENTION.get()) {
            warm = true;
            code = Softmax.best();
        }
        code.exponentials(values, 0, Reductions.padded(n), 0);
    }
}
