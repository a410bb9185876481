/** The kernel written with the Java Vector API. */
@NullMarked
package io.qk256.avx2.vector;

import org.jspecify.annotations.NullMarked;
