/**
 * A model behind HTTP, in the protocol of OpenAI, with a page to talk to it.
 *
 * <p>{@link io.qk256.server.ModelServer} listens; {@link io.qk256.server.ServedModel} is what it serves.
 */
@NullMarked
package io.qk256.server;

import org.jspecify.annotations.NullMarked;
