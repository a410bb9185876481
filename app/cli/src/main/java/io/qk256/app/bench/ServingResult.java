package io.qk256.app.bench;

/**
 * The speed of a server, as its clients measure it. Times are medians, in nanoseconds from sending a request to the first
 * token of its answer. Rates are NaN if answers are too short to measure them.
 *
 * @param plainRate tokens per second when decoding without a server
 * @param oneRate tokens per second that one client gets, after the first token
 * @param clients how many clients also asked at once
 * @param togetherRate tokens per second of all of them, while each gets tokens
 * @param promptTokens tokens of a short prompt
 * @param firstAlone the time for a short prompt, when nobody else asks
 * @param firstBeside the same while all other clients get answers; NaN if there are no others
 * @param prefixTokens tokens of a long prompt
 * @param firstOfNew the time for a long prompt that nobody has sent before
 * @param firstOfKnown the same for one that differs from an earlier one only in the last word
 */
public record ServingResult(
        double plainRate,
        double oneRate,
        int clients,
        double togetherRate,
        int promptTokens,
        double firstAlone,
        double firstBeside,
        int prefixTokens,
        double firstOfNew,
        double firstOfKnown) {}
