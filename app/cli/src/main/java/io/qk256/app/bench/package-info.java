/** The results of the compatibility kit's benchmarks: reads, saves, compares and draws them. */
@NullMarked
package io.qk256.app.bench;

import org.jspecify.annotations.NullMarked;
