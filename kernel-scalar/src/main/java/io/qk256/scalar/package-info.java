/** The reference kernel. */
@NullMarked
package io.qk256.scalar;

import org.jspecify.annotations.NullMarked;
