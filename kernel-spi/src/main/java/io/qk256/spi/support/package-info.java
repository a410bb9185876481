/**
 * Utilities shared by the project's own modules: foreign text, the environment, files that users name, standard
 * streams, and user errors. Not part of any API: exported to those modules only, and subject to change.
 */
@NullMarked
package io.qk256.spi.support;

import org.jspecify.annotations.NullMarked;
