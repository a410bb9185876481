package io.qk256.tck;

import io.qk256.spi.F32Vector;
import java.util.Optional;

/**
 * The effects of a call.
 *
 * @param values a copy of the result
 * @param inputChange the first input byte that changed
 * @param strayWrite the first byte next to the result that changed
 */
record Outcome(F32Vector values, Optional<String> inputChange, Optional<String> strayWrite) {}
