/**
 * Text to tokens and back: the tokenizer that a model file carries, the template of its conversations, and text that
 * arrives token by token.
 */
@NullMarked
package io.qk256.llm.text;

import org.jspecify.annotations.NullMarked;
