package io.qk256.llm.serving;

import io.qk256.llm.model.Embeddings;
import io.qk256.llm.model.Engine;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Texts to embed. */
final class Embedding extends Job {

    private final EmbeddingRequest request;
    private final CompletableFuture<float[][]> future = new CompletableFuture<>();
    private @Nullable Embeddings embeddings;

    Embedding(EmbeddingRequest request, long submitted) {
        super(request.key(), submitted, request.timeout());
        this.request = request;
    }

    EmbeddingRequest request() {
        return request;
    }

    CompletableFuture<float[][]> future() {
        return future;
    }

    /** The number of tokens of the longest text. */
    int longest() {
        return request.texts().stream().mapToInt(text -> text.length).max().orElse(0);
    }

    /** What computes it, begun at its first use. */
    Embeddings in(Engine engine) {
        Embeddings begun = embeddings;
        if (begun == null) {
            begun = engine.embeddings(request.texts(), request.pooling());
            embeddings = begun;
        }
        return begun;
    }

    /** Tells the vectors to whoever asked. */
    void complete(float[][] vectors) {
        tell(() -> future.complete(vectors));
    }

    /** Gives back its memory. */
    void release() {
        if (embeddings != null) {
            embeddings.close();
        }
    }

    @Override
    @Nullable
    FinishReason overdue(long now, boolean isWaiting) {
        return future.isDone() ? FinishReason.CANCELLED : super.overdue(now, isWaiting);
    }

    @Override
    FinishReason end(FinishReason reason, long now) {
        fail(
                reason == FinishReason.TIMEOUT
                        ? new TimeoutException("embedding: not done within "
                                + request.timeout().toMillis() + " ms")
                        : new CancellationException("embedding: cancelled"));
        return reason;
    }

    @Override
    void fail(Throwable cause) {
        tell(() -> future.completeExceptionally(cause));
    }

    /** What depends on the future must not run on the scheduler's thread. */
    private static void tell(Runnable completion) {
        Thread.ofVirtual().name("qk256-embedding").start(completion);
    }
}
