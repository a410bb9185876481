package io.qk256.llm.model;

/**
 * A value that a model computed is NaN or infinite, where the rest of the computation needs a number. No file that a trainer wrote
 * gives one: the file is damaged, or the kernel computes wrongly.
 */
public final class NotFiniteException extends ArithmeticException {

    private static final long serialVersionUID = 1;

    /**
     * Such a value.
     *
     * @param value which it is, and what it is, as in "the logit of token 3 is NaN"
     */
    public NotFiniteException(String value) {
        super(value + ", expected a finite number; the model's file is damaged, or a kernel computes wrongly");
    }
}
