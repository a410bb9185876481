package io.qk256.server.api;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.qk256.llm.serving.ChosenToken;
import io.qk256.llm.serving.CompletionEnd;
import io.qk256.llm.serving.CompletionRequest;
import io.qk256.llm.serving.TextPiece;
import io.qk256.server.http.Endpoint;
import io.qk256.server.http.Exchange;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Answers conversations. */
public final class ChatEndpoint implements Endpoint {

    private final Backend backend;

    /** Creates an endpoint of a model. */
    public ChatEndpoint(Backend backend) {
        this.backend = backend;
    }

    @Override
    public void handle(Exchange exchange) throws IOException {
        ChatRequest request = ChatRequest.read(Fields.parse(exchange.body()), backend);
        AnswerFields answer = request.answer();
        Prompt prompt = Prompt.of(request.messages(), answer.truncates(), answer.limit(), backend);
        List<CompletionRequest> requests =
                answer.requests(prompt.tokens(), request.logprobs(), backend, exchange.client());
        JsonObject extra = new JsonObject();
        if (answer.truncates()) {
            extra.addProperty("dropped_messages", prompt.dropped());
        }
        boolean logprobs = request.logprobs() != CompletionRequest.NO_LOGPROBS;
        new Answering(exchange, backend).answer(requests, answer, new ChatForm(backend, logprobs), extra);
    }

    /** The form of answers: {@code chat.completion}, and {@code chat.completion.chunk} for parts of a stream. */
    private static final class ChatForm implements Answering.Form {

        private final Envelope envelope;
        private final @Nullable Logprobs logprobs;

        ChatForm(Backend backend, boolean logprobs) {
            this.envelope = new Envelope("chatcmpl-", backend.id());
            this.logprobs = logprobs ? new Logprobs(backend.model().tokenizer()) : null;
        }

        @Override
        public List<JsonObject> begin(int choice) {
            JsonObject delta = new JsonObject();
            delta.addProperty("role", "assistant");
            delta.addProperty("content", "");
            return List.of(part(choice, delta, List.of(), JsonNull.INSTANCE));
        }

        @Override
        public List<JsonObject> piece(int choice, TextPiece piece) {
            JsonObject delta = new JsonObject();
            delta.addProperty("content", piece.text());
            boolean visible = !piece.text().isEmpty() || logprobs != null;
            return visible ? List.of(part(choice, delta, piece.tokens(), JsonNull.INSTANCE)) : List.of();
        }

        @Override
        public List<JsonObject> end(int choice, CompletionEnd end) {
            return List.of(part(choice, new JsonObject(), List.of(), Envelope.reason(end)));
        }

        private JsonObject part(int choice, JsonObject delta, List<ChosenToken> tokens, JsonElement reason) {
            JsonObject json = new JsonObject();
            json.addProperty("index", choice);
            json.add("delta", delta);
            json.add("logprobs", logprobs(tokens));
            json.add("finish_reason", reason);
            return json;
        }

        private JsonElement logprobs(List<ChosenToken> tokens) {
            return logprobs == null || tokens.isEmpty() ? JsonNull.INSTANCE : logprobs.ofChat(tokens);
        }

        @Override
        public JsonObject part(List<JsonObject> choices) {
            return envelope.json("chat.completion.chunk", choices);
        }

        @Override
        public JsonObject whole(List<Answering.Collected> choices) {
            JsonArray all = new JsonArray();
            for (int i = 0; i < choices.size(); i++) {
                Answering.Collected choice = choices.get(i);
                JsonObject message = new JsonObject();
                message.addProperty("role", "assistant");
                message.addProperty("content", choice.text());
                message.add("refusal", JsonNull.INSTANCE);
                JsonObject json = new JsonObject();
                json.addProperty("index", i);
                json.add("message", message);
                json.add("logprobs", logprobs(choice.tokens()));
                json.add("finish_reason", Envelope.reason(choice.end()));
                all.add(json);
            }
            return envelope.json("chat.completion", all);
        }
    }
}
