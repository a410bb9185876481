package io.qk256.llm.model;

/**
 * Tokens to add to a sequence, for {@link Engine#step}.
 *
 * @param sequence the sequence
 * @param tokens one or more tokens; must not change until the step is done
 */
@SuppressWarnings("ArrayRecordComponent") // Made, used once, never compared.
public record Step(Sequence sequence, int[] tokens) {}
