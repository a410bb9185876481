package io.qk256.llm.model;

/**
 * Thrown if a model computes NaN or infinity where the rest of the computation needs a finite number. No properly
 * trained model does: the file is damaged, or the kernel computes incorrectly.
 */
public final class NotFiniteException extends ArithmeticException {

    private static final long serialVersionUID = 1;

    /**
     * Creates the exception.
     *
     * @param value which value it is, and what it is, such as "the logit of token 3 is NaN"
     */
    public NotFiniteException(String value) {
        super(value + ", expected a finite number; the model's file is damaged, or a kernel computes incorrectly");
    }
}
