/** The endpoints: OpenAI's protocol and what belongs to it. */
@NullMarked
package io.qk256.server.api;

import org.jspecify.annotations.NullMarked;
