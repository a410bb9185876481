/**
 * Language models inside your own process.
 *
 * <pre>{@code
 * try (LanguageModel model = LanguageModel.open(Path.of("model.gguf"));
 *         Engine engine = model.engine(EngineOptions.withThreads(2))) {
 *     model.generate(engine, "Once upon a time", GenerationOptions.usual(), System.out::print);
 * }
 * }</pre>
 *
 * <p>{@link io.qk256.llm.LanguageModel} is all that most programs need. Below it, {@link io.qk256.llm.model} computes
 * logits, {@link io.qk256.llm.text} converts text to tokens and back, and {@link io.qk256.llm.generation} chooses
 * tokens.
 */
@NullMarked
package io.qk256.llm;

import org.jspecify.annotations.NullMarked;
