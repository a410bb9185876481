package io.qk256.app.bench;

/**
 * The measured speeds of decoding with sparse states.
 *
 * @param kernel the kernel's name
 * @param threads number of compute threads
 * @param rowDensity the part of the gates above 0
 * @param columnDensity the part of the inputs of the down projections that are not 0
 * @param wholeRate tokens per second when everything is read
 * @param rowsRate the same when rows of the up projections are skipped
 * @param allRate the same when columns of the down projections are skipped as well
 */
public record SkippingRow(
        String kernel,
        int threads,
        double rowDensity,
        double columnDensity,
        double wholeRate,
        double rowsRate,
        double allRate) {}
