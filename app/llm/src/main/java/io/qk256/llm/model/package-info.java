/**
 * The forward pass, from tokens to logits, for models with ternary weights.
 *
 * <p>{@link io.qk256.llm.model.Model} holds the weights of a GGUF file, an {@link io.qk256.llm.model.Engine} computes
 * with them, and a {@link io.qk256.llm.model.Sequence} is a text. Everything specific to a family of models, currently
 * BitNet b1.58, is one class, an {@code Architecture}. Products with ternary weights go through the selected
 * {@link io.qk256.spi.Kernel}; all other sums have an order that depends neither on threads nor on the machine, so
 * every kernel gives the same logits to the bit.
 */
@NullMarked
package io.qk256.llm.model;

import org.jspecify.annotations.NullMarked;
