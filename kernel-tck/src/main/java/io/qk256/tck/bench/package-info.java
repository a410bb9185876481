/** Benchmarks of every kernel that is found, including third-party jars on the module path. */
@NullMarked
package io.qk256.tck.bench;

import org.jspecify.annotations.NullMarked;
