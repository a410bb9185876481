package io.qk256.gguf.layout;

import java.lang.foreign.MemorySegment;

/**
 * A tensor in another type.
 *
 * @param bytes as a file holds them
 * @param scaleError largest difference of a scale to the one before, as a part of it; 0 if none was rounded
 */
public record Encoded(MemorySegment bytes, double scaleError) {}
