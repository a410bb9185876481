/** What the benchmarks of the compatibility kit gave: reading, keeping, comparing, drawing. */
@NullMarked
package io.qk256.app.bench;

import org.jspecify.annotations.NullMarked;
