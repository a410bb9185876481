package io.qk256.tck;

import java.util.Optional;

/** Keeps checking whether the inputs are unchanged. */
final class ReaderOfInputs extends Companion {

    private final Operands operands;

    ReaderOfInputs(Operands operands) {
        this.operands = operands;
    }

    @Override
    Optional<String> round() {
        return operands.change().map(change -> "seen by another thread during the call: " + change);
    }
}
