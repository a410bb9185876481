/** The compatibility kit as JUnit 5 tests. */
@NullMarked
package io.qk256.tck;

import org.jspecify.annotations.NullMarked;
