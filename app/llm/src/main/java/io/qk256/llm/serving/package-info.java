/**
 * Many requests on one model at once. {@link io.qk256.llm.serving.Scheduler} computes a token for each of them in one
 * pass over the weights, and a piece of a prompt with it. What a request gives never depends on the others: with equal
 * seeds and options, its tokens, text and log probabilities are the same to the bit alone and beside any others.
 *
 * <pre>{@code
 * try (Scheduler scheduler = Scheduler.start(model, kernel, SchedulerOptions.withThreads(2))) {
 *     CompletionRequest request = CompletionRequest.of(tokens).withMaxTokens(100).withStop(List.of("\n\n"));
 *     Handle handle = scheduler.submit(request, listener);
 *     ...
 *     handle.cancel();
 * }
 * }</pre>
 */
@NullMarked
package io.qk256.llm.serving;

import org.jspecify.annotations.NullMarked;
