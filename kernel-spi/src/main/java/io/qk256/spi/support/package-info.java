/**
 * Pieces that the project's own modules share: how foreign text is shown, how environment variables are read. Not part of
 * any API: exported to those modules only, and free to change.
 */
@NullMarked
package io.qk256.spi.support;

import org.jspecify.annotations.NullMarked;
