package io.qk256.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.openai.client.OpenAIClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletion.Choice.FinishReason;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionMessageFunctionToolCall;
import com.openai.models.chat.completions.ChatCompletionNamedToolChoice;
import com.openai.models.chat.completions.ChatCompletionToolChoiceOption.Auto;
import com.openai.models.chat.completions.ChatCompletionToolMessageParam;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Calls of tools, as the official client understands them. */
class ToolsTest {

    private static final Script SCRIPT = new Script()
            .answer("weather in Munich?", Script.call("get_weather", "{\"city\": \"Munich\"}"))
            .answer(
                    "weather in both?",
                    "I look.\n" + Script.call("get_weather", "{\"city\": \"Munich\"}") + "\n"
                            + Script.call("get_weather", "{\"city\": \"Paris\"}"))
            .answer("[tool] 21 degrees", "It has 21 degrees.")
            .answer("Hello", "Good morning.")
            .answer("not JSON", "<tool_call>\n{\"name\": get\n</tool_call>");

    private static TestServer server;
    private static OpenAIClient client;

    @BeforeAll
    static void start() {
        server = TestServer.scripted(SCRIPT);
        client = server.openAi("none");
    }

    @AfterAll
    static void stop() {
        client.close();
        server.close();
        assertThat(server.log).isEmpty();
    }

    private static FunctionDefinition tool(String name, String argument) {
        return FunctionDefinition.builder()
                .name(name)
                .description("Tells it")
                .parameters(FunctionParameters.builder()
                        .putAdditionalProperty("type", JsonValue.from("object"))
                        .putAdditionalProperty(
                                "properties",
                                JsonValue.from(Map.of(argument, Map.of("type", "string", "enum", List.of("a", "b")))))
                        .putAdditionalProperty("required", JsonValue.from(List.of(argument)))
                        .putAdditionalProperty("additionalProperties", JsonValue.from(false))
                        .build())
                .build();
    }

    private static ChatCompletionCreateParams.Builder ask(String question) {
        return ChatCompletionCreateParams.builder()
                .model("demo")
                .addUserMessage(question)
                .putAdditionalBodyProperty("seed", JsonValue.from(5))
                .addFunctionTool(tool("get_weather", "city"))
                .addFunctionTool(tool("get_time", "country"));
    }

    private static ChatCompletion.Choice choice(ChatCompletionCreateParams.Builder request) {
        return client.chat().completions().create(request.build()).choices().getFirst();
    }

    /** The whole answer, put together from a stream. */
    private static ChatCompletion.Choice streamed(ChatCompletionCreateParams.Builder request) {
        ChatCompletionAccumulator all = ChatCompletionAccumulator.create();
        try (StreamResponse<ChatCompletionChunk> chunks =
                client.chat().completions().createStreaming(request.build())) {
            chunks.stream().forEach(all::accumulate);
        }
        return all.chatCompletion().choices().getFirst();
    }

    private static List<ChatCompletionMessageFunctionToolCall> calls(ChatCompletion.Choice choice) {
        return choice.message().toolCalls().orElseThrow().stream()
                .map(call -> call.asFunction())
                .toList();
    }

    private static JsonObject arguments(ChatCompletionMessageFunctionToolCall call) {
        return JsonParser.parseString(call.function().arguments()).getAsJsonObject();
    }

    @Test
    void aCallAndWhatItGave() {
        ChatCompletionCreateParams.Builder question = ask("What is the weather in Munich?");
        ChatCompletion.Choice asks = choice(question);
        assertThat(asks.finishReason()).isEqualTo(FinishReason.TOOL_CALLS);
        assertThat(asks.message().content()).isEmpty();
        ChatCompletionMessageFunctionToolCall call = calls(asks).getFirst();
        assertThat(call.function().name()).isEqualTo("get_weather");
        assertThat(arguments(call).get("city").getAsString()).isEqualTo("Munich");
        assertThat(SCRIPT.prompts.getLast())
                .startsWith(
                        "<tools>\n{\"type\": \"function\", \"function\": {\"name\": \"get_weather\", \"description\":");

        ChatCompletion.Choice answers = choice(question.addMessage(asks.message())
                .addMessage(ChatCompletionToolMessageParam.builder()
                        .toolCallId(call.id())
                        .content("21 degrees")
                        .build()));
        assertThat(SCRIPT.prompts.getLast())
                .endsWith("<tool_call>{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Munich\"}}</tool_call>\n"
                        + "[tool] 21 degrees\n[assistant] ");
        assertThat(answers.message().content()).contains("It has 21 degrees.");
        assertThat(answers.message().toolCalls()).isEmpty();
        assertThat(answers.finishReason()).isEqualTo(FinishReason.STOP);
    }

    @Test
    void severalCallsAfterSomeText() {
        for (ChatCompletion.Choice asks :
                List.of(choice(ask("The weather in both?")), streamed(ask("The weather in both?")))) {
            assertThat(asks.message().content()).contains("I look.");
            assertThat(asks.finishReason()).isEqualTo(FinishReason.TOOL_CALLS);
            List<ChatCompletionMessageFunctionToolCall> calls = calls(asks);
            assertThat(calls)
                    .extracting(call -> arguments(call).get("city").getAsString())
                    .containsExactly("Munich", "Paris");
            assertThat(calls.getFirst().id()).isNotEqualTo(calls.getLast().id());
        }
    }

    @Test
    void aStreamWithoutACallHasItsText() {
        ChatCompletion.Choice answer = streamed(ask("Hello"));
        assertThat(answer.message().content()).contains("Good morning.");
        assertThat(answer.message().toolCalls().orElse(List.of())).isEmpty();
        assertThat(answer.finishReason()).isEqualTo(FinishReason.STOP);
    }

    @Test
    void whatIsNoCallStaysText() {
        assertThat(choice(ask("not JSON")).message().content()).contains("<tool_call>\n{\"name\": get\n</tool_call>");
    }

    @Test
    void aCallThatIsCutIsNotMade() {
        ChatCompletion.Choice cut = choice(ask("What is the weather in Munich?").maxCompletionTokens(8));
        assertThat(cut.finishReason()).isEqualTo(FinishReason.LENGTH);
        assertThat(cut.message().toolCalls().orElse(List.of())).isEmpty();
    }

    /** The model has never seen a call; the grammar writes most of it. */
    @Test
    void aRequiredCallIsMadeAndKeepsItsSchema() {
        for (ChatCompletion.Choice asks : List.of(
                choice(ask("Once").toolChoice(Auto.REQUIRED)),
                streamed(ask("Once").toolChoice(Auto.REQUIRED)))) {
            assertThat(asks.finishReason()).isEqualTo(FinishReason.TOOL_CALLS);
            for (ChatCompletionMessageFunctionToolCall call : calls(asks)) {
                String argument = call.function().name().equals("get_time") ? "country" : "city";
                assertThat(arguments(call).entrySet()).hasSize(1);
                assertThat(arguments(call).get(argument).getAsString()).isIn("a", "b");
            }
        }
    }

    /** The description of this tool's parameters looks like another tool's, and was taken for it. */
    @Test
    void aToolIsNotTakenForAnotherOne() {
        String none =
                "Fields[fields={type=Text[text=object], properties=Fields[fields={}], additionalProperties=FALSE}]";
        String both = "a, description=, parameters=" + none + "], Tool[name=b";
        choice(noArguments(both).toolChoice(Auto.REQUIRED));
        ChatCompletion.Choice asks = choice(noArguments("a", "b").toolChoice(Auto.REQUIRED));
        assertThat(calls(asks))
                .allSatisfy(call -> assertThat(call.function().name()).isIn("a", "b"));
    }

    /** Grammars of tools and of schemas are kept together. This schema is none, but reads like the description of a tool. */
    @Test
    void aSchemaIsNotTakenForTools() {
        String parameters = "{\"type\":\"object\",\"properties\":{},\"additionalProperties\":false}";
        String ask = "{\"messages\":[{\"role\":\"user\",\"content\":\"Once\"}],\"max_tokens\":1,";
        String tool = "{\"type\":\"function\",\"function\":{\"name\":\"a\",\"parameters\":" + parameters + "}}";
        String chat = "/v1/chat/completions";
        assertThat(server.post(chat, ask + "\"tools\":[" + tool + "],\"tool_choice\":\"required\"}")
                        .statusCode())
                .isEqualTo(200);
        String schema = "[\"TAGS\",8,\"a\",\"" + parameters.replace("\"", "\\\"") + "\"]";
        String format = "{\"type\":\"json_schema\",\"json_schema\":{\"schema\":" + schema + "}}";
        assertThat(server.post(chat, ask + "\"response_format\":" + format + "}")
                        .statusCode())
                .isEqualTo(400);
    }

    private static ChatCompletionCreateParams.Builder noArguments(String... names) {
        ChatCompletionCreateParams.Builder request = ChatCompletionCreateParams.builder()
                .model("demo")
                .addUserMessage("Once")
                .putAdditionalBodyProperty("seed", JsonValue.from(5));
        for (String name : names) {
            request.addFunctionTool(FunctionDefinition.builder()
                    .name(name)
                    .parameters(FunctionParameters.builder()
                            .putAdditionalProperty("type", JsonValue.from("object"))
                            .putAdditionalProperty("properties", JsonValue.from(Map.of()))
                            .putAdditionalProperty("additionalProperties", JsonValue.from(false))
                            .build())
                    .build());
        }
        return request;
    }

    @Test
    void aNamedToolIsCalledOnce() {
        ChatCompletionNamedToolChoice time = ChatCompletionNamedToolChoice.builder()
                .function(ChatCompletionNamedToolChoice.Function.builder()
                        .name("get_time")
                        .build())
                .build();
        assertThat(calls(choice(ask("Once").toolChoice(time).parallelToolCalls(false))))
                .singleElement()
                .satisfies(call -> assertThat(call.function().name()).isEqualTo("get_time"));
    }

    @Test
    void aToolWithoutParametersIsCalledWithoutArguments() {
        ChatCompletion.Choice asks = choice(ChatCompletionCreateParams.builder()
                .model("demo")
                .addUserMessage("Once")
                .putAdditionalBodyProperty("seed", JsonValue.from(5))
                .addFunctionTool(FunctionDefinition.builder().name("roll").build())
                .toolChoice(Auto.REQUIRED));
        assertThat(calls(asks))
                .isNotEmpty()
                .allSatisfy(call -> assertThat(call.function().arguments()).isEqualTo("{}"));
    }

    @Test
    void withoutAChoiceTheModelIsNotToldOfTools() {
        ChatCompletion.Choice answer = choice(ask("Hello").toolChoice(Auto.NONE));
        assertThat(answer.message().content()).contains("Good morning.");
        assertThat(SCRIPT.prompts.getLast()).isEqualTo("\n[user] Hello\n[assistant] ");
    }

    @Test
    void aTemplateWithoutToolsRefusesThem() {
        try (TestServer plain = TestServer.start()) {
            OpenAIClient other = plain.openAi("none");
            try {
                assertThatThrownBy(() ->
                                other.chat().completions().create(ask("Hello").build()))
                        .isInstanceOf(BadRequestException.class)
                        .hasMessageContaining("the model's chat template has no place for them");
            } finally {
                other.close();
            }
        }
    }
}
