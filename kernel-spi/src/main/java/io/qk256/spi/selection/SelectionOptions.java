package io.qk256.spi.selection;

import java.util.Optional;

/**
 * What the user asks of the selection.
 *
 * @param forced select this kernel, whatever its rank, and open it also if CPU features that it needs
 *     are unknown; it must still pass every gate
 * @param required the kernel that must come out selected
 */
public record SelectionOptions(Optional<String> forced, Optional<String> required) {

    /** No wishes: the highest rank of the usable kernels. */
    public static final SelectionOptions NONE = new SelectionOptions(Optional.empty(), Optional.empty());

    /** Select this kernel, whatever its rank. */
    public static SelectionOptions force(String name) {
        return new SelectionOptions(Optional.of(name), Optional.empty());
    }

    /** This kernel must come out selected. */
    public static SelectionOptions require(String name) {
        return new SelectionOptions(Optional.empty(), Optional.of(name));
    }
}
