/** The application's entry point. */
@NullMarked
package io.qk256.app;

import org.jspecify.annotations.NullMarked;
