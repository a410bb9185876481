package io.qk256.llm;

import io.qk256.llm.model.HeadType;
import io.qk256.llm.model.LoadListener;

/**
 * How a model is loaded.
 *
 * @param head how the weights of the output head are stored in memory
 * @param listener receives progress, and warnings about the file
 */
public record LoadOptions(HeadType head, LoadListener listener) {

    /** The defaults: an 8-bit head, which is faster and changes the logits only slightly, and no listener. */
    public static LoadOptions usual() {
        return new LoadOptions(HeadType.INT8, LoadListener.NONE);
    }
}
