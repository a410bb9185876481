package io.qk256.llm;

import io.qk256.llm.model.HeadType;
import io.qk256.llm.model.LoadListener;

/**
 * How a model is loaded.
 *
 * @param head how the weights of the last product are kept
 * @param listener hears how far it is, and what to know of the file
 */
public record LoadOptions(HeadType head, LoadListener listener) {

    /** The head in 8 bits, which is faster and changes the logits by little; nobody listens. */
    public static LoadOptions usual() {
        return new LoadOptions(HeadType.INT8, LoadListener.NONE);
    }
}
