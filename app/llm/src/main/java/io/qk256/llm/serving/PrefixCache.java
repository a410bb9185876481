package io.qk256.llm.serving;

import io.qk256.llm.model.Sequence;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Texts whose keys and values are kept for requests that begin alike, in the order of their last use. They share pages
 * with each other and with running sequences, and are dropped when memory is needed. For one thread at a time.
 */
final class PrefixCache {

    /** To reuse fewer tokens, copying the page that they are in would cost as much as computing them. */
    static final int LEAST_SHARED = 8;

    private final List<Sequence> texts = new ArrayList<>();

    int size() {
        return texts.size();
    }

    /** Keeps the tokens of a sequence, and closes it. A text that begins another one needs no place of its own. */
    void keep(Sequence sequence) {
        int[] tokens = sequence.tokens();
        Sequence longer = null;
        for (Iterator<Sequence> each = texts.iterator(); each.hasNext() && longer == null; ) {
            Sequence text = each.next();
            int common = text.commonWith(tokens);
            if (common == tokens.length) {
                longer = text;
            } else if (common == text.position()) {
                each.remove();
                text.close();
            }
        }
        if (longer != null) {
            use(longer);
        } else if (tokens.length >= LEAST_SHARED) {
            texts.add(sequence.fork(tokens.length));
        }
        sequence.close();
    }

    /**
     * The sequence that has the longest beginning in common with a text.
     *
     * @param others candidates that are not kept here
     * @param least the least number of tokens in common
     * @return null if there is none
     */
    @Nullable
    Sequence find(int[] text, List<Sequence> others, int least) {
        Sequence best = null;
        int longest = least - 1;
        for (List<Sequence> candidates : List.of(texts, others)) {
            for (Sequence candidate : candidates) {
                int common = candidate.commonWith(text);
                if (common > longest) {
                    longest = common;
                    best = candidate;
                }
            }
        }
        if (best != null) {
            use(best);
        }
        return best;
    }

    private void use(Sequence text) {
        if (texts.remove(text)) {
            texts.add(text);
        }
    }

    /** Drops the text that has not been used for the longest time; returns false if there is none. */
    boolean dropOldest() {
        if (texts.isEmpty()) {
            return false;
        }
        texts.removeFirst().close();
        return true;
    }
}
