/** Text generation: sampling tokens from a model's logits, and the history of a conversation. */
@NullMarked
package io.qk256.llm.generation;

import org.jspecify.annotations.NullMarked;
