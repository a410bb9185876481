package io.qk256.server.api;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.qk256.llm.LanguageModel;
import io.qk256.llm.model.Pooling;
import io.qk256.llm.serving.EmbeddingRequest;
import io.qk256.llm.serving.QueueFullException;
import io.qk256.server.http.ApiException;
import io.qk256.server.http.Departure;
import io.qk256.server.http.Endpoint;
import io.qk256.server.http.Exchange;
import io.qk256.spi.support.UserError;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;

/** Computes vectors of texts. */
public final class EmbeddingsEndpoint implements Endpoint {

    private static final int MOST_TEXTS = 2048;

    private final Backend backend;

    /** Creates an endpoint of a model. */
    public EmbeddingsEndpoint(Backend backend) {
        this.backend = backend;
    }

    @Override
    public void handle(Exchange exchange) throws IOException {
        Fields fields = Fields.parse(exchange.body());
        requireEmbeddingModel();
        fields.text("model").ifPresent(name -> ModelsEndpoint.requireModel(name, backend.id()));
        List<int[]> texts = texts(fields);
        boolean base64 = fields.word("encoding_format", "float", "base64")
                .orElse("float")
                .equals("base64");
        requireWidth(fields);
        String user = fields.text("user").orElse("");
        fields.requireNoOthers();
        CompletableFuture<float[][]> vectors = submit(texts, exchange.client() + '/' + user);
        float[][] computed;
        Departure departure = exchange.watch(() -> vectors.cancel(false));
        try {
            computed = await(vectors, exchange);
        } finally {
            departure.close();
        }
        exchange.json(200, json(computed, base64, texts));
    }

    private void requireEmbeddingModel() {
        if (backend.pooling() == Pooling.NONE) {
            throw ApiException.invalid(
                    "model",
                    "model_not_for_embeddings",
                    "the model '" + backend.id()
                            + "' does not say how the tokens of a text become one vector, as models"
                            + " that write text do not; serve an embedding model, or start the server with --pooling");
        }
    }

    private List<int[]> texts(Fields fields) {
        JsonElement given = fields.any("input")
                .orElseThrow(() -> ApiException.invalid(
                        "input", "missing_parameter", "input is missing, expected a string, or an array of strings"));
        LanguageModel model = backend.model();
        List<int[]> texts =
                new Texts(model::tokensToEmbed, model.tokenizer().vocabularySize()).read(given, "input", MOST_TEXTS);
        for (int i = 0; i < texts.size(); i++) {
            int length = texts.get(i).length;
            if (length > backend.scheduler().context()) {
                throw ApiException.invalid(
                        "input",
                        "context_length_exceeded",
                        "text " + i + " of input (the first is 0) has " + length + " tokens, expected at most "
                                + backend.scheduler().context() + ", the context; shorten it");
            }
        }
        return texts;
    }

    private void requireWidth(Fields fields) {
        int width = backend.model().config().width();
        OptionalInt wanted = fields.whole("dimensions", 1, Integer.MAX_VALUE);
        if (wanted.isPresent() && wanted.getAsInt() != width) {
            throw ApiException.invalid(
                    "dimensions",
                    "invalid_value",
                    "dimensions is " + wanted.getAsInt() + ", expected " + width + ": the model gives vectors of this"
                            + " length only");
        }
    }

    private CompletableFuture<float[][]> submit(List<int[]> texts, String key) {
        try {
            return backend.scheduler().embed(new EmbeddingRequest(texts, backend.pooling(), backend.timeout(), key));
        } catch (QueueFullException e) {
            throw ApiException.tooMany((int) e.retryAfter().toSeconds(), String.valueOf(e.getMessage()));
        } catch (UserError e) {
            throw ApiException.invalid("input", "invalid_value", e.getMessage());
        } catch (IllegalStateException e) {
            throw ApiException.unavailable("stopping", 1, "the server is stopping; try again later");
        }
    }

    private float[][] await(CompletableFuture<float[][]> vectors, Exchange exchange) throws IOException {
        try {
            return vectors.get();
        } catch (CancellationException cancelled) {
            throw exchange.cancelled();
        } catch (InterruptedException e) {
            vectors.cancel(false);
            Thread.currentThread().interrupt();
            throw new IOException("the server stops", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof TimeoutException) {
                throw ApiException.late("the vectors were not complete after "
                        + backend.timeout().toSeconds() + " s, the limit of the server (--timeout); send fewer texts");
            }
            throw new IllegalStateException("vectors could not be computed", e.getCause());
        }
    }

    private JsonObject json(float[][] vectors, boolean base64, List<int[]> texts) {
        JsonArray data = new JsonArray();
        for (int i = 0; i < vectors.length; i++) {
            JsonObject json = new JsonObject();
            json.addProperty("object", "embedding");
            json.addProperty("index", i);
            json.add("embedding", base64 ? base64(vectors[i]) : numbers(vectors[i]));
            data.add(json);
        }
        JsonObject json = new JsonObject();
        json.addProperty("object", "list");
        json.add("data", data);
        json.addProperty("model", backend.id());
        json.add(
                "usage",
                Usages.ofPrompts(texts.stream().mapToLong(text -> text.length).sum()));
        return json;
    }

    private static JsonArray numbers(float[] vector) {
        JsonArray numbers = new JsonArray(vector.length);
        for (float number : vector) {
            numbers.add(number);
        }
        return numbers;
    }

    /** The numbers as f32, least significant byte first. */
    private static JsonPrimitive base64(float[] vector) {
        ByteBuffer bytes = ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(vector);
        return new JsonPrimitive(Base64.getEncoder().encodeToString(bytes.array()));
    }
}
