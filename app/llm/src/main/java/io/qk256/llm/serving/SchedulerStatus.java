package io.qk256.llm.serving;

import java.util.Map;

/**
 * What a scheduler does and has done since it was started. An immutable snapshot.
 *
 * @param waiting requests in the queue
 * @param running requests that are computed, including those whose prompt is not complete
 * @param parallel the most requests that are computed at once
 * @param context the most tokens of a request
 * @param passes passes over the weights
 * @param batch the sequences of each pass
 * @param promptTokens tokens of prompts that were computed
 * @param reusedTokens tokens of prompts that were not computed because an earlier text begins alike
 * @param decodedTokens tokens that were chosen
 * @param finished completions that ended, by reason; every reason has an entry
 * @param failed completions and embeddings that failed
 * @param refused requests that found the queue full
 * @param embeddedTokens tokens of texts to embed
 * @param toFirstToken the seconds from submission to the first token, of each completion that has one
 * @param cacheBytes bytes of keys and values in use, including those kept for reuse
 * @param cacheBound the most bytes of keys and values
 * @param prefixes texts kept for reuse
 */
public record SchedulerStatus(
        int waiting,
        int running,
        int parallel,
        int context,
        long passes,
        Histogram batch,
        long promptTokens,
        long reusedTokens,
        long decodedTokens,
        Map<FinishReason, Long> finished,
        long failed,
        long refused,
        long embeddedTokens,
        Histogram toFirstToken,
        long cacheBytes,
        long cacheBound,
        int prefixes) {

    /** Keeps a copy of the map. */
    public SchedulerStatus {
        finished = Map.copyOf(finished);
    }
}
