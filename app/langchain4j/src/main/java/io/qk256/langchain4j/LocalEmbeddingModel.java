package io.qk256.langchain4j;

import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.ModelProvider;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.listener.EmbeddingModelListener;
import dev.langchain4j.model.embedding.request.EmbeddingInput;
import dev.langchain4j.model.embedding.request.EmbeddingRequest;
import dev.langchain4j.model.embedding.response.EmbeddingResponse;
import dev.langchain4j.model.embedding.response.EmbeddingResponseMetadata;
import dev.langchain4j.model.output.Response;
import dev.langchain4j.model.output.TokenUsage;
import io.qk256.llm.LanguageModel;
import io.qk256.llm.model.Pooling;
import io.qk256.llm.serving.Scheduler;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** Embeddings of a {@link LocalModel}, each of length 1. Thread-safe. */
public final class LocalEmbeddingModel implements EmbeddingModel {

    private final String name;
    private final LanguageModel model;
    private final Scheduler scheduler;
    private final List<EmbeddingModelListener> listeners;

    LocalEmbeddingModel(String name, LanguageModel model, Scheduler scheduler, List<EmbeddingModelListener> listeners) {
        if (model.config().pooling() == Pooling.NONE) {
            throw new IllegalStateException(
                    name + " writes text, expected a model for embeddings; its file does not say how a text becomes one"
                            + " vector (pooling)");
        }
        this.name = name;
        this.model = model;
        this.scheduler = scheduler;
        this.listeners = List.copyOf(listeners);
    }

    @Override
    public EmbeddingResponse doEmbed(EmbeddingRequest request) {
        List<int[]> tokens = request.inputs().stream()
                .map(EmbeddingInput::text)
                .map(model::tokensToEmbed)
                .toList();
        return EmbeddingResponse.builder()
                .embeddings(Arrays.stream(embed(tokens)).map(Embedding::from).toList())
                .metadata(new EmbeddingResponseMetadata.Builder<>()
                        .modelName(name)
                        .tokenUsage(new TokenUsage(
                                tokens.stream().mapToInt(text -> text.length).sum(), 0))
                        .build())
                .build();
    }

    private float[][] embed(List<int[]> tokens) {
        CompletableFuture<float[][]> vectors;
        try {
            vectors = scheduler.embed(io.qk256.llm.serving.EmbeddingRequest.of(
                    tokens, model.config().pooling()));
        } catch (RuntimeException e) {
            throw Chat.translated(e);
        }
        try {
            return vectors.get();
        } catch (InterruptedException e) {
            vectors.cancel(true);
            Thread.currentThread().interrupt();
            throw Chat.translated(e);
        } catch (ExecutionException e) {
            throw Chat.translated(e.getCause() == null ? e : e.getCause());
        }
    }

    @Override
    public Response<List<Embedding>> embedAll(List<TextSegment> segments) {
        EmbeddingResponse response = embed(EmbeddingRequest.builder()
                .inputs(segments.stream().map(EmbeddingInput::from).toList())
                .build());
        return Response.from(response.embeddings(), response.metadata().tokenUsage());
    }

    @Override
    public int dimension() {
        return model.config().width();
    }

    @Override
    public String modelName() {
        return name;
    }

    @Override
    public List<EmbeddingModelListener> listeners() {
        return listeners;
    }

    @Override
    public ModelProvider provider() {
        return ModelProvider.OTHER;
    }
}
