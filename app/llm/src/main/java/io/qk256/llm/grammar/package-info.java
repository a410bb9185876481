/**
 * Grammars over tokens: what keeps an answer in a form, such as JSON that satisfies a schema. {@link
 * io.qk256.llm.grammar.JsonGrammar} reads a schema, and gives a {@link io.qk256.llm.generation.TokenConstraint} for each
 * text.
 */
@NullMarked
package io.qk256.llm.grammar;

import org.jspecify.annotations.NullMarked;
