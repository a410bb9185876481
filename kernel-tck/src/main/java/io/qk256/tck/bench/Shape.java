package io.qk256.tck.bench;

import io.qk256.spi.Qk256;

/**
 * The operand of an operation, in the notation of users: {@code ROWSxCOLS} is a matrix, {@code WEIGHTS} is one row, and
 * {@code WEIGHTS-array} is one row whose result goes to a {@code float[]} instead of off-heap memory.
 *
 * @param rows rows of the matrix
 * @param cols columns of the matrix
 * @param array whether the result goes to an array
 */
record Shape(int rows, int cols, boolean array) {

    private static final String ARRAY = "-array";

    static Shape parse(String text) {
        try {
            int x = text.indexOf('x');
            if (x >= 0) {
                return new Shape(
                        Integer.parseInt(text.substring(0, x)), Integer.parseInt(text.substring(x + 1)), false);
            }
            boolean array = text.endsWith(ARRAY);
            String weights = array ? text.substring(0, text.length() - ARRAY.length()) : text;
            return new Shape(1, Integer.parseInt(weights), array);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "shape: '" + text + "', expected WEIGHTS, WEIGHTS-array or ROWSxCOLS, as in 1024 or 2560x2560", e);
        }
    }

    int weights() {
        return Math.multiplyExact(rows, cols);
    }

    long codeBytes() {
        return rows * Qk256.rowBytes(cols);
    }
}
