/** JSON as values, for schemas and tool calls: read with limits, because it comes from strangers. */
@NullMarked
package io.qk256.llm.json;

import org.jspecify.annotations.NullMarked;
