/**
 * The proof that a kernel is right on real weights: what it computes is compared with what bitnet.cpp and ggml have
 * recorded, and with an independent decoder on whole models.
 */
@NullMarked
package io.qk256.app.check;

import org.jspecify.annotations.NullMarked;
