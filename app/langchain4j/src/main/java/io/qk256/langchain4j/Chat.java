package io.qk256.langchain4j;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.exception.InternalServerException;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.LangChain4jException;
import dev.langchain4j.exception.RateLimitException;
import dev.langchain4j.exception.TimeoutException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.internal.JsonSchemaElementUtils;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.request.json.JsonRawSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.ChatResponseMetadata;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.TokenUsage;
import io.qk256.llm.generation.SamplingOptions;
import io.qk256.llm.grammar.JsonGrammar;
import io.qk256.llm.grammar.TokenTexts;
import io.qk256.llm.json.JsonValue;
import io.qk256.llm.serving.CompletionEnd;
import io.qk256.llm.serving.CompletionListener;
import io.qk256.llm.serving.CompletionRequest;
import io.qk256.llm.serving.Handle;
import io.qk256.llm.serving.QueueFullException;
import io.qk256.llm.text.Tool;
import io.qk256.llm.text.ToolCall;
import io.qk256.llm.text.ToolCalls;
import io.qk256.llm.text.ToolFormat;
import io.qk256.spi.support.UserError;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Requests of LangChain4j as completions, and completions as its responses. Thread-safe. */
final class Chat {

    private static final int MAX_CALLS = 8;

    private final Backend backend;
    private final ChatRequestParameters defaults;
    private @Nullable TokenTexts texts;

    Chat(Backend backend, ChatRequestParameters defaults) {
        this.backend = backend;
        this.defaults = ChatRequestParameters.builder()
                .modelName(backend.name())
                .build()
                .overrideWith(defaults);
        requireOwnName(this.defaults);
    }

    ChatRequestParameters defaults() {
        return defaults;
    }

    /** Whether the answer may have calls, which must not be streamed as text. */
    boolean mayCall(ChatRequest request) {
        return !tools(request.parameters()).isEmpty();
    }

    /** The mark that begins calls; empty if an answer must be complete to tell. */
    Optional<String> callMark() {
        return backend.template().toolFormat() == ToolFormat.TAGS ? Optional.of(ToolFormat.OPEN) : Optional.empty();
    }

    /** @throws LangChain4jException if the request is wrong, or there is no room for it */
    Handle submit(ChatRequest request, CompletionListener listener) {
        try {
            return backend.submit(completion(request), listener);
        } catch (RuntimeException e) {
            throw translated(e);
        }
    }

    private CompletionRequest completion(ChatRequest request) {
        ChatRequestParameters parameters = request.parameters();
        requireOwnName(parameters);
        List<Tool> tools = tools(parameters);
        int[] prompt = backend.template().encode(Messages.of(request.messages()), tools);
        CompletionRequest completion = CompletionRequest.of(prompt).withSampling(sampling(parameters));
        if (parameters.maxOutputTokens() != null) {
            completion = completion.withMaxTokens(parameters.maxOutputTokens());
        }
        if (parameters.stopSequences() != null) {
            completion = completion.withStop(parameters.stopSequences());
        }
        Optional<JsonGrammar> grammar = grammar(parameters, tools);
        return grammar.isPresent() ? completion.withConstraint(grammar.get().constraint()) : completion;
    }

    private void requireOwnName(ChatRequestParameters parameters) {
        String wanted = parameters.modelName();
        if (wanted != null && !wanted.equals(backend.name())) {
            throw new UnsupportedFeatureException("modelName \"" + wanted + "\" is not supported, expected \""
                    + backend.name() + "\", the model of this process; open the other one with LocalModel.open");
        }
    }

    private static SamplingOptions sampling(ChatRequestParameters parameters) {
        SamplingOptions sampling = new SamplingOptions(
                or(parameters.temperature(), 0),
                parameters.topK() == null ? 0 : parameters.topK(),
                or(parameters.topP(), 1),
                0,
                1,
                0,
                0);
        return sampling.withPenalties(or(parameters.presencePenalty(), 0), or(parameters.frequencyPenalty(), 0));
    }

    private static double or(@Nullable Double value, double otherwise) {
        return value == null ? otherwise : value;
    }

    private static List<Tool> tools(ChatRequestParameters parameters) {
        if (parameters.toolSpecifications() == null || parameters.toolChoice() == ToolChoice.NONE) {
            return List.of();
        }
        return parameters.toolSpecifications().stream().map(Chat::tool).toList();
    }

    private static Tool tool(ToolSpecification tool) {
        JsonValue parameters = tool.parameters() == null
                ? JsonValue.parse("{\"type\":\"object\",\"properties\":{},\"additionalProperties\":false}")
                : Schemas.of(JsonSchemaElementUtils.toMap(tool.parameters()));
        String description = tool.description() == null ? "" : tool.description();
        return new Tool(tool.name(), description, (JsonValue.Fields) parameters);
    }

    private Optional<JsonGrammar> grammar(ChatRequestParameters parameters, List<Tool> tools) {
        Optional<JsonGrammar> json = Optional.empty();
        ResponseFormat format = parameters.responseFormat();
        if (format != null && format.type() == ResponseFormatType.JSON) {
            json = Optional.of(
                    format.jsonSchema() == null
                            ? JsonGrammar.ofAnyObject(texts())
                            : JsonGrammar.ofSchema(texts(), schema(format.jsonSchema())));
        }
        boolean isRequired = parameters.toolChoice() == ToolChoice.REQUIRED && !tools.isEmpty();
        if (!isRequired && (json.isEmpty() || tools.isEmpty())) {
            return json;
        }
        JsonGrammar calls = JsonGrammar.ofToolCalls(texts(), backend.template().toolFormat(), tools, MAX_CALLS);
        return Optional.of(isRequired ? calls : calls.or(json.get()));
    }

    private static JsonValue schema(JsonSchema schema) {
        return schema.rootElement() instanceof JsonRawSchema raw
                ? JsonValue.parse(raw.schema())
                : Schemas.of(JsonSchemaElementUtils.toMap(schema.rootElement()));
    }

    /** They are made when they are needed. */
    private synchronized TokenTexts texts() {
        TokenTexts made = texts;
        if (made == null) {
            made = TokenTexts.of(backend.tokenizer());
            texts = made;
        }
        return made;
    }

    /** @throws LangChain4jException if the completion has not succeeded */
    ChatResponse response(ChatRequest request, String text, CompletionEnd end) {
        ToolCalls answer =
                mayCall(request) ? ToolCalls.parse(backend.template(), text) : new ToolCalls(text, List.of());
        List<ToolExecutionRequest> calls =
                answer.calls().stream().map(Chat::request).toList();
        return ChatResponse.builder()
                .aiMessage(
                        calls.isEmpty()
                                ? AiMessage.from(answer.content())
                                : AiMessage.builder()
                                        .text(answer.content().isEmpty() ? null : answer.content())
                                        .toolExecutionRequests(calls)
                                        .build())
                .metadata(new ChatResponseMetadata.Builder<>()
                        .id(UUID.randomUUID().toString())
                        .modelName(backend.name())
                        .tokenUsage(new TokenUsage(
                                end.usage().promptTokens(), end.usage().completionTokens()))
                        .finishReason(calls.isEmpty() ? reason(end) : FinishReason.TOOL_EXECUTION)
                        .build())
                .build();
    }

    /** The ids of an answer's calls are made up, so they are different for each answer. */
    private static ToolExecutionRequest request(ToolCall call) {
        return ToolExecutionRequest.builder()
                .id(UUID.randomUUID().toString().replace("-", "").substring(0, 9))
                .name(call.name())
                .arguments(call.arguments().toJson())
                .build();
    }

    private static FinishReason reason(CompletionEnd end) {
        return switch (end.reason()) {
            case COMPLETE, STOP_STRING -> FinishReason.STOP;
            case LIMIT, CONTEXT -> FinishReason.LENGTH;
            case CUT_BY_GRAMMAR, CANCELLED -> FinishReason.OTHER;
            case TIMEOUT -> throw new TimeoutException("the request took longer than its time limit");
            case NOT_READ -> throw new TimeoutException("the handler did not take the text for too long");
        };
    }

    static RuntimeException translated(Throwable cause) {
        return switch (cause) {
            case LangChain4jException same -> same;
            case UserError error -> new InvalidRequestException(error.getMessage(), error);
            case QueueFullException full -> new RateLimitException(full.getMessage(), full);
            default -> new InternalServerException(String.valueOf(cause.getMessage()), cause);
        };
    }
}
