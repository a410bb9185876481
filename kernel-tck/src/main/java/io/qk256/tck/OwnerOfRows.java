package io.qk256.tck;

import io.qk256.spi.F32Vector;
import java.util.Optional;

/** Keeps setting two rows, and checks that they still hold what it has set. */
final class OwnerOfRows extends Companion {

    private final F32Vector result;
    private final long[] rows;
    private float value;

    OwnerOfRows(F32Vector result, long... rows) {
        this.result = result;
        this.rows = rows;
    }

    @Override
    Optional<String> round() {
        for (long row : rows) {
            float seen = result.get(row);
            if (seen != value) {
                return Optional.of("row " + row + ", which another thread has set to " + value
                        + " during the call: seen " + seen + ", expected no store outside the range, not even of"
                        + " what was there");
            }
        }
        value = (value + 1) % (1 << 20);
        for (long row : rows) {
            result.set(row, value);
        }
        return Optional.empty();
    }
}
