/**
 * The part of Jinja that chat templates use: lexer, parser and interpreter. Strings remember which of their characters
 * come from messages. Work, memory and depth are bounded, since templates come from files that nobody has checked.
 * Internal: not exported.
 */
@NullMarked
package io.qk256.llm.text.jinja;

import org.jspecify.annotations.NullMarked;
