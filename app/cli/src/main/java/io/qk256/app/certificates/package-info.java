/** Finds the certificates of kernels that have passed the compatibility kit. */
@NullMarked
package io.qk256.app.certificates;

import org.jspecify.annotations.NullMarked;
