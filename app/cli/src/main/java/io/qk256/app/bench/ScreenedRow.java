package io.qk256.app.bench;

import io.qk256.llm.model.HeadReadings;

/**
 * The measured speed with a screened head.
 *
 * @param kernel the kernel's name
 * @param threads number of compute threads
 * @param best how many of the most likely tokens were wanted
 * @param decodeRate tokens per second when decoding one by one
 * @param readings what the head has read, also during the warm-up
 */
public record ScreenedRow(String kernel, int threads, int best, double decodeRate, HeadReadings readings) {

    /** The part of the tokens for which all rows were read. */
    public double fallbackPart() {
        long all = readings.screened() + readings.fallbacks() + readings.full();
        return (double) (all - readings.screened()) / all;
    }
}
