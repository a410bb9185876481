package io.qk256.server.api;

import com.google.gson.JsonObject;
import io.qk256.llm.serving.CompletionRequest;
import io.qk256.server.http.Endpoint;
import io.qk256.server.http.Exchange;
import java.io.IOException;
import java.util.List;

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
        Prompt prompt =
                Prompt.of(request.messages(), request.tools().tools(), answer.truncates(), answer.limit(), backend);
        List<CompletionRequest> requests =
                answer.requests(prompt.tokens(), request.logprobs(), request.grammar(), backend, exchange.client());
        JsonObject extra = new JsonObject();
        if (answer.truncates()) {
            extra.addProperty("dropped_messages", prompt.dropped());
        }
        boolean logprobs = request.logprobs() != CompletionRequest.NO_LOGPROBS;
        new Answering(exchange, backend)
                .answer(
                        requests,
                        answer,
                        new ChatForm(backend, logprobs, request.tools().isOffered()),
                        extra);
    }
}
