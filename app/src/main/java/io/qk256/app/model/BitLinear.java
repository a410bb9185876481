package io.qk256.app.model;

import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256Matrix;

/**
 * A ternary matrix that multiplies int8 activations: {@code y = sum(w * q) / activationScale * weightScale}, exact up to
 * the f32 division (the contract of {@link Kernel}). Immutable and thread-safe.
 *
 * @param weights as many columns as there are activations
 */
record BitLinear(Qk256Matrix weights) {}
