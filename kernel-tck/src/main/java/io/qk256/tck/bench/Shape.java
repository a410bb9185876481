package io.qk256.tck.bench;

import io.qk256.spi.Q8Matrix;
import io.qk256.spi.Qk256;
import io.qk256.spi.ScaleType;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The operand of an operation, in the notation of users: {@code ROWSxCOLS} is a matrix, {@code WEIGHTS} is one row, and
 * {@code WEIGHTS-array} is one row whose result goes to a {@code float[]} instead of off-heap memory. {@code -g64} after
 * a matrix: its weights share f16 scales in groups of 64, and int8 activations are in groups of 32. {@code -q8} after a
 * matrix: its weights have 8 bits, and int8 activations have one scale; {@code -q8-i16}: activations are int16.
 *
 * @param rows rows of the matrix
 * @param cols columns of the matrix
 * @param group weights that share a scale: 64, 128 or 256; 0 for none
 * @param array whether the result goes to an array
 * @param wide whether the weights have 8 bits
 * @param shorts whether the activations are int16
 */
record Shape(int rows, int cols, int group, boolean array, boolean wide, boolean shorts) {

    private static final Pattern TEXT = Pattern.compile(
            "(?<rows>[0-9]+)x(?<cols>[0-9]+)(-g(?<group>64|128|256)|(?<wide>-q8(?<shorts>-i16)?))?|(?<weights>[0-9]+)(?<array>-array)?");

    private static final int CACHE_LINE = 64;

    static Shape parse(String text) {
        Matcher parts = TEXT.matcher(text);
        if (!parts.matches()) {
            throw new IllegalArgumentException(
                    "shape: '" + text
                            + "', expected WEIGHTS, WEIGHTS-array, ROWSxCOLS, ROWSxCOLS-g64, ROWSxCOLS-q8 or ROWSxCOLS-q8-i16, as in 1024 or 2560x2560");
        }
        if (parts.group("rows") == null) {
            return new Shape(
                    1, Integer.parseInt(parts.group("weights")), 0, parts.group("array") != null, false, false);
        }
        String group = parts.group("group");
        return new Shape(
                Integer.parseInt(parts.group("rows")),
                Integer.parseInt(parts.group("cols")),
                group == null ? 0 : Integer.parseInt(group),
                false,
                parts.group("wide") != null,
                parts.group("shorts") != null);
    }

    int weights() {
        return Math.multiplyExact(rows, cols);
    }

    long codeBytes() {
        return wide ? Q8Matrix.codesBytes(rows, cols) : rows * Qk256.rowBytes(cols);
    }

    /** The number of f16 scales. */
    int scales() {
        if (wide) {
            return Math.toIntExact(Q8Matrix.scalesBytes(rows, cols) / ScaleType.F16.bytes());
        }
        return group == 0 ? 0 : rows * Math.ceilDiv(cols, group);
    }

    /** The bytes of codes and scales; a multiple of a cache line, so that matrices can follow each other. */
    long bytes() {
        long scaleBytes = (long) scales() * ScaleType.F16.bytes();
        return codeBytes() + Math.ceilDiv(scaleBytes, CACHE_LINE) * CACHE_LINE;
    }
}
