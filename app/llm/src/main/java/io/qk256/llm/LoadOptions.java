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
 * @param mapped whether all weights are used where they are in the mapped file; see {@link #withMappedWeights}
 */
public record LoadOptions(HeadType head, LoadListener listener, boolean nfc, boolean mapped) {

    /**
     * Checks the options.
     *
     * @throws IllegalArgumentException if weights are mapped and the head is not {@link HeadType#STORED}
     */
    public LoadOptions {
        if (mapped && head != HeadType.STORED) {
            throw new IllegalArgumentException("head: " + head + " is a copy of the weights in memory, expected "
                    + HeadType.STORED + " with mapped weights; leave out one of the two");
        }
    }

    /** Creates options for texts that are taken as they are, and weights that may be copied into memory. */
    public LoadOptions(HeadType head, LoadListener listener) {
        this(head, listener, false, false);
    }

    /** The defaults: an 8-bit head, which is faster and changes the logits only slightly, and no listener. */
    public static LoadOptions usual() {
        return new LoadOptions(HeadType.INT8, LoadListener.NONE);
    }

    /**
     * The same with another head, for example {@link HeadType#SCREENED}, which decodes faster where the choice needs only
     * the most likely tokens: greedily or with top-k.
     */
    public LoadOptions withHead(HeadType other) {
        return new LoadOptions(other, listener, nfc, mapped);
    }

    /** The same for texts that are brought to normal form C. */
    public LoadOptions withNfc() {
        return new LoadOptions(head, listener, true, mapped);
    }

    /**
     * The same for weights that stay in the mapped file, the head's too: processes that use the same file share one
     * copy of them in the system's page cache. The file must have been converted to QK256; one that would need a copy is
     * refused. The head is used as stored: F16, BF16 and F32 are the fastest of the types with more than 2 bits, as
     * blocks such as those of Q6_K are unpacked for every token.
     *
     * <p><b>Nobody may shorten or overwrite the file while the model is in use.</b> Otherwise native code that reads
     * it ends the JVM (SIGBUS), or the text changes. Replace a file by renaming another over it.
     */
    public LoadOptions withMappedWeights() {
        return new LoadOptions(HeadType.STORED, listener, nfc, true);
    }
}
