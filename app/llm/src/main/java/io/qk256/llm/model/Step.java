package io.qk256.llm.model;

/**
 * Tokens to add to a sequence: what {@link Engine#step} takes.
 *
 * @param sequence which
 * @param tokens one or more; not to be changed until the step is done
 */
@SuppressWarnings("ArrayRecordComponent") // Made, used once, never compared.
public record Step(Sequence sequence, int[] tokens) {}
