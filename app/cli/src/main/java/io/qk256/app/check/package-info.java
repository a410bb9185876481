/**
 * Checks that a kernel is right on real weights: its results are compared with results recorded from bitnet.cpp and ggml,
 * and on whole models with an independent decoder.
 */
@NullMarked
package io.qk256.app.check;

import org.jspecify.annotations.NullMarked;
