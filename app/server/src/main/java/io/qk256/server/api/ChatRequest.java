package io.qk256.server.api;

import io.qk256.llm.grammar.JsonGrammar;
import io.qk256.llm.serving.CompletionRequest;
import io.qk256.llm.text.ChatMessage;
import io.qk256.server.http.ApiException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A request to answer a conversation.
 *
 * @param messages the conversation
 * @param answer how to answer
 * @param logprobs as in {@link CompletionRequest#logprobs}
 * @param tools what the model may call
 * @param grammar what the answer must look like; empty for any text
 */
record ChatRequest(
        List<ChatMessage> messages,
        AnswerFields answer,
        int logprobs,
        ToolFields tools,
        Optional<JsonGrammar> grammar) {

    private static final String NOT_HERE = "this server has nothing like it";

    static ChatRequest read(Fields fields, Backend backend) {
        AnswerFields answer = AnswerFields.read(fields, backend);
        List<ChatMessage> messages = MessageFields.read(fields);
        ToolFields tools = ToolFields.read(fields, backend.template(), backend.grammars());
        Optional<JsonGrammar> format = FormatFields.read(fields, backend.grammars());
        if (format.isPresent() && tools.isOffered()) {
            throw ApiException.invalid(
                    "response_format",
                    "invalid_value",
                    "response_format and tools are both given, expected one of them: a call has a form of its own");
        }
        int logprobs = logprobs(fields);
        fields.requireUsual("modalities", "answers are text", "[\"text\"]");
        fields.requireUsual("functions", "send tools");
        fields.requireUsual("function_call", "send tool_choice");
        fields.requireUsual("audio", "answers are text");
        fields.requireUsual("web_search_options", NOT_HERE);
        fields.requireUsual("reasoning_effort", "the server's option --think decides for all requests");
        fields.requireUsual("verbosity", NOT_HERE, "\"medium\"");
        fields.ignore("prediction"); // It could only make the answer faster.
        fields.requireNoOthers();
        return new ChatRequest(
                messages, answer, logprobs, tools, tools.grammar().or(() -> format));
    }

    private static int logprobs(Fields fields) {
        boolean wanted = fields.flag("logprobs");
        OptionalInt top = fields.whole("top_logprobs", 0, CompletionRequest.MAX_LOGPROBS);
        if (top.isPresent() && !wanted) {
            throw ApiException.invalid(
                    "top_logprobs",
                    "invalid_value",
                    "top_logprobs is " + top.getAsInt() + " without logprobs; set logprobs to true");
        }
        return wanted ? top.orElse(0) : CompletionRequest.NO_LOGPROBS;
    }
}
