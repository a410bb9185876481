package io.qk256.gguf.layout;

import java.lang.foreign.MemorySegment;

/**
 * A tensor encoded in another type.
 *
 * @param bytes its bytes as stored in a file
 * @param scaleError largest relative error of a rounded scale; 0 if none was rounded
 */
public record Encoded(MemorySegment bytes, double scaleError) {}
