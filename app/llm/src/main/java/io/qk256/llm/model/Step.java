package io.qk256.llm.model;

/**
 * Tokens to add to a sequence, for {@link Engine#step}.
 *
 * @param sequence the sequence
 * @param tokens one or more tokens; must not change until the step is done
 * @param givesLogits whether the sequence has logits afterwards; they are of no use after a piece of a prompt that is not
 *     the last one, and computing them takes as long as several tokens of it
 */
@SuppressWarnings("ArrayRecordComponent") // Made, used once, never compared.
public record Step(Sequence sequence, int[] tokens, boolean givesLogits) {}
