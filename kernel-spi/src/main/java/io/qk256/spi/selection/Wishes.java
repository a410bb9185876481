package io.qk256.spi.selection;

import java.util.Optional;

/**
 * What the user asks of the selection.
 *
 * @param forced select this kernel, whatever its rank, and open it also if CPU features that it needs
 *     are unknown; it must still pass every gate
 * @param required the kernel that must come out selected
 */
public record Wishes(Optional<String> forced, Optional<String> required) {

    /** No wishes: the highest rank of the usable kernels. */
    public static final Wishes NONE = new Wishes(Optional.empty(), Optional.empty());

    /** Select this kernel, whatever its rank. */
    public static Wishes force(String name) {
        return new Wishes(Optional.of(name), Optional.empty());
    }

    /** This kernel must come out selected. */
    public static Wishes require(String name) {
        return new Wishes(Optional.empty(), Optional.of(name));
    }
}
