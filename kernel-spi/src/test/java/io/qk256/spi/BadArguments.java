package io.qk256.spi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** What a careless caller may pass. */
public final class BadArguments {

    private BadArguments() {}

    /** A null of any type. */
    @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"}) // the checks of nulls are what is tested
    public static <T> T nothing() {
        return null;
    }

    /** Aligned memory of a closed arena. */
    static MemorySegment closedMemory(long bytes) {
        try (Arena arena = Arena.ofConfined()) {
            return arena.allocate(bytes, Float.BYTES);
        }
    }
}
