package io.qk256.llm;

import io.qk256.llm.model.HeadType;
import io.qk256.llm.model.LoadListener;

/**
 * How a model is loaded.
 *
 * @param head how the weights of the output head are stored in memory
 * @param listener receives progress, and warnings about the file
 * @param nfc whether texts are brought to Unicode's normal form C first, as Hugging Face's tokenizers of some families
 *     do and llama.cpp does not; see {@link io.qk256.llm.text.Tokenizer#withNfc}
 */
public record LoadOptions(HeadType head, LoadListener listener, boolean nfc) {

    /** Creates options for texts that are taken as they are. */
    public LoadOptions(HeadType head, LoadListener listener) {
        this(head, listener, false);
    }

    /** The defaults: an 8-bit head, which is faster and changes the logits only slightly, and no listener. */
    public static LoadOptions usual() {
        return new LoadOptions(HeadType.INT8, LoadListener.NONE);
    }

    /** The same for texts that are brought to normal form C. */
    public LoadOptions withNfc() {
        return new LoadOptions(head, listener, true);
    }
}
