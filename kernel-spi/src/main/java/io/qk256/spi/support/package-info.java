/**
 * Pieces that the project's own modules share: foreign text, the environment, files that users name, standard streams, and
 * the users' mistakes. Not part of any API: exported to those modules only, and free to change.
 */
@NullMarked
package io.qk256.spi.support;

import org.jspecify.annotations.NullMarked;
