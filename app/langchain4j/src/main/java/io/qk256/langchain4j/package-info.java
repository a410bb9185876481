/**
 * Models inside LangChain4j applications, in the same process. {@link io.qk256.langchain4j.LocalModel} opens a file; its
 * chat models and its embedding model share the weights, and any number of threads may call them at once.
 */
@NullMarked
package io.qk256.langchain4j;

import org.jspecify.annotations.NullMarked;
