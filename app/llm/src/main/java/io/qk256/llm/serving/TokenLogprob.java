package io.qk256.llm.serving;

/**
 * A token and its log probability.
 *
 * @param token the token
 * @param logprob the natural logarithm of its probability
 */
public record TokenLogprob(int token, double logprob) {}
