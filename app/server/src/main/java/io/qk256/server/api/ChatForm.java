package io.qk256.server.api;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.qk256.llm.serving.ChosenToken;
import io.qk256.llm.serving.CompletionEnd;
import io.qk256.llm.serving.TextPiece;
import io.qk256.llm.text.ChatTemplate;
import io.qk256.llm.text.ToolCall;
import io.qk256.llm.text.ToolCalls;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The form of answers to conversations: {@code chat.completion}, and {@code chat.completion.chunk} for parts of a stream. If tools
 * are offered, a stream has its text at the end, because only then is it known what is a call. Not thread-safe.
 */
final class ChatForm implements Answering.Form {

    private final Envelope envelope;
    private final ChatTemplate template;
    private final @Nullable Logprobs logprobs;
    private final boolean tools;
    private final Map<Integer, List<TextPiece>> heldBack = new HashMap<>();

    ChatForm(Backend backend, boolean logprobs, boolean tools) {
        this.envelope = new Envelope("chatcmpl-", backend.id());
        this.template = backend.template();
        this.logprobs = logprobs ? new Logprobs(backend.model().tokenizer()) : null;
        this.tools = tools;
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
        if (tools) {
            heldBack.computeIfAbsent(choice, c -> new ArrayList<>()).add(piece);
            return List.of();
        }
        JsonObject delta = new JsonObject();
        delta.addProperty("content", piece.text());
        boolean visible = !piece.text().isEmpty() || logprobs != null;
        return visible ? List.of(part(choice, delta, piece.tokens(), JsonNull.INSTANCE)) : List.of();
    }

    @Override
    public List<JsonObject> end(int choice, CompletionEnd end) {
        if (!tools) {
            return List.of(part(choice, new JsonObject(), List.of(), Envelope.reason(end)));
        }
        Answering.Collected all = new Answering.Collected(heldBack.getOrDefault(choice, List.of()), end);
        Message message = message(all);
        JsonObject delta = message.json();
        JsonArray calls = delta.getAsJsonArray("tool_calls");
        for (int i = 0; calls != null && i < calls.size(); i++) {
            calls.get(i).getAsJsonObject().addProperty("index", i);
        }
        return List.of(
                part(choice, delta, all.tokens(), JsonNull.INSTANCE),
                part(choice, new JsonObject(), List.of(), message.reason()));
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
            Message message = message(choice);
            JsonObject content = message.json();
            content.addProperty("role", "assistant");
            content.add("refusal", JsonNull.INSTANCE);
            JsonObject json = new JsonObject();
            json.addProperty("index", i);
            json.add("message", content);
            json.add("logprobs", logprobs(choice.tokens()));
            json.add("finish_reason", message.reason());
            all.add(json);
        }
        return envelope.json("chat.completion", all);
    }

    /** What an answer says, and why it ended. */
    private record Message(JsonObject json, JsonElement reason) {}

    private Message message(Answering.Collected answer) {
        ToolCalls said = tools ? ToolCalls.parse(template, answer.text()) : new ToolCalls(answer.text(), List.of());
        JsonObject json = new JsonObject();
        if (said.calls().isEmpty()) {
            json.addProperty("content", answer.text());
            return new Message(json, Envelope.reason(answer.end()));
        }
        json.add("content", said.content().isEmpty() ? JsonNull.INSTANCE : new JsonPrimitive(said.content()));
        JsonArray calls = new JsonArray();
        for (ToolCall call : said.calls()) {
            calls.add(json(call));
        }
        json.add("tool_calls", calls);
        JsonElement reason = Envelope.reason(answer.end());
        boolean cut = reason.getAsString().equals("length"); // Then a call may be missing.
        return new Message(json, cut ? reason : new JsonPrimitive("tool_calls"));
    }

    private static JsonObject json(ToolCall call) {
        JsonObject function = new JsonObject();
        function.addProperty("name", call.name());
        function.addProperty("arguments", call.arguments().toJson());
        JsonObject json = new JsonObject();
        // The parser counts from 0 in each answer, and a conversation has several answers.
        json.addProperty("id", UUID.randomUUID().toString().replace("-", "").substring(0, 9));
        json.addProperty("type", "function");
        json.add("function", function);
        return json;
    }
}
