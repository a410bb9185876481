package io.qk256.spi.selection;

import java.util.Optional;

/**
 * The user's options for the selection.
 *
 * @param forced select this kernel whatever its rank, and open it even if CPU features that it requires
 *     are unknown; it must still pass every gate
 * @param required the kernel that must be the selected one
 */
public record SelectionOptions(Optional<String> forced, Optional<String> required) {

    /** No options: select the usable kernel with the highest rank. */
    public static final SelectionOptions NONE = new SelectionOptions(Optional.empty(), Optional.empty());

    /** Selects this kernel whatever its rank. */
    public static SelectionOptions force(String name) {
        return new SelectionOptions(Optional.of(name), Optional.empty());
    }

    /** Requires that this kernel is the selected one. */
    public static SelectionOptions require(String name) {
        return new SelectionOptions(Optional.empty(), Optional.of(name));
    }
}
