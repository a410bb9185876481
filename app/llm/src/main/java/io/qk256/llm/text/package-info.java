/**
 * Text to tokens and back: the tokenizer of a model file, the template for conversations, and decoding token by token.
 */
@NullMarked
package io.qk256.llm.text;

import org.jspecify.annotations.NullMarked;
