/** Benchmarks over every kernel that is found, so that a stranger's jar on the module path is measured too. */
@NullMarked
package io.qk256.tck.bench;

import org.jspecify.annotations.NullMarked;
