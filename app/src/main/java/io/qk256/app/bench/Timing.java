package io.qk256.app.bench;

/**
 * A measured time: for one call, or with several threads for one call of any of them.
 *
 * @param nanoseconds the mean
 * @param error half of its 99.9 % confidence interval; NaN if too little was measured to tell
 */
public record Timing(double nanoseconds, double error) {}
