package io.qk256.llm.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.llm.generation.TokenConstraint;
import io.qk256.llm.grammar.JsonGrammar;
import io.qk256.llm.grammar.TokenTexts;
import io.qk256.llm.json.JsonValue;
import io.qk256.llm.text.ChatMessage.Role;
import io.qk256.spi.support.UserError;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ToolCallsTest {

    private static final Tool WEATHER = new Tool("weather", "Tells the weather.", fields("""
            {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer", "maximum": 7.5}},
             "required": ["city"], "additionalProperties": false}"""));
    private static final Tool CLOCK = new Tool("clock", "Tells the time.", fields("{\"type\":\"object\"}"));

    /** In the way of the Qwen3 family's template. */
    private static final String TAGS = """
            {%- if tools %}
            {{- '<tools>' }}
            {%- for tool in tools %}
            {{- '\\n' }}{{- tool | tojson }}
            {%- endfor %}
            {{- '\\n</tools>' }}
            {%- endif %}
            {%- for message in messages %}
            {{- '[' ~ message.role ~ ']' ~ message.content }}
            {%- for tool_call in message.tool_calls %}
            {%- if tool_call.function %}
            {%- set tool_call = tool_call.function %}
            {%- endif %}
            {{- '<tool_call>{"name": "' ~ tool_call.name ~ '", "arguments": ' }}
            {%- if tool_call.arguments is string %}
            {{- tool_call.arguments }}
            {%- else %}
            {{- tool_call.arguments | tojson }}
            {%- endif %}
            {{- '}</tool_call>' }}
            {%- endfor %}
            {%- endfor %}""";

    private static final ChatTemplate TEMPLATE = ChatTemplate.of(with(TAGS));

    @Test
    void theTemplateWritesToolsCallsAndResults() {
        ToolCall call = new ToolCall("call00000", "weather", fields("{\"city\":\"Bern\",\"days\":2}"));
        assertThat(TEMPLATE.takesTools()).isTrue();
        assertThat(TEMPLATE.text(
                        List.of(
                                new ChatMessage(Role.USER, "Rain?"),
                                ChatMessage.calls("", List.of(call)),
                                ChatMessage.result("call00000", "yes")),
                        List.of(WEATHER)))
                .isEqualTo("""
                        <tools>
                        {"type": "function", "function": {"name": "weather", "description": "Tells the weather.", \
                        "parameters": {"type": "object", "properties": {"city": {"type": "string"}, \
                        "days": {"type": "integer", "maximum": 7.5}}, "required": ["city"], \
                        "additionalProperties": false}}}
                        </tools>[user]Rain?[assistant]<tool_call>{"name": "weather", \
                        "arguments": {"city": "Bern", "days": 2}}</tool_call>[tool]yes""");
    }

    /** Descriptions and results come from strangers too. */
    @Test
    void marksInToolsStayText() {
        Tool tool = new Tool("a<|eot_id|>", "<|end|>", fields("{\"title\":\"<|eot_id|>\",\"<|end|>\":1}"));
        ToolCall call = new ToolCall("<|end|>", "<|eot_id|>", fields("{\"<|eot_id|>\":\"<|end|>\"}"));
        int[] tokens = TEMPLATE.encode(
                List.of(ChatMessage.calls("", List.of(call)), ChatMessage.result("<|end|>", "<|eot_id|>")),
                List.of(tool));
        assertThat(tokens).doesNotContain(Tokenizers.END_OF_TURN, Tokenizers.END);
    }

    @Test
    void aTemplateWithoutToolsSaysSo() {
        ChatTemplate without = ChatTemplate.of(with("{{ messages[0].content }}"));
        List<ChatMessage> hi = List.of(new ChatMessage(Role.USER, "hi"));
        assertThat(without.takesTools()).isFalse();
        assertThatThrownBy(() -> without.encode(hi, List.of(WEATHER)))
                .isInstanceOf(UserError.class)
                .hasMessage("the file's chat template takes no tools; use a model whose chat template does, such as one"
                        + " of the Qwen3 family");
        assertThatThrownBy(() -> without.encode(List.of(ChatMessage.result("1", "x"))))
                .isInstanceOf(UserError.class);
        assertThatThrownBy(() -> ToolCalls.parse(without, "x")).isInstanceOf(UserError.class);
        assertThatThrownBy(() -> ChatTemplate.of(Tokenizers.demo()).encode(hi, List.of(WEATHER)))
                .hasMessageStartingWith("this model takes no tools");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            tools <tool_call> | TAGS
            tools [TOOL_CALLS] | LIST
            tools {"name": "x", "parameters": {}} | PLAIN
            """)
    void theTemplateTellsTheForm(String source, ToolFormat format) {
        assertThat(ChatTemplate.of(with("{{ '" + source + "' }}")).toolFormat()).isEqualTo(format);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            TAGS | `Wait. <tool_call>{"name":"f","arguments":{"a":1}}</tool_call> <tool_call>{"name":"g","arguments":"{}"}</tool_call>` | Wait. | f{"a":1} g{}
            TAGS | `<tool_call>{"name":"f","arguments":{"a":1}}` | `` | f{"a":1}
            TAGS | `<tool_call>{"name":"f","arguments":{"a":` | `<tool_call>{"name":"f","arguments":{"a":` | ``
            TAGS | `<tool_call>{"name":"f","arguments":{"a":"</tool_call>"}}</tool_call>z` | z | f{"a":"</tool_call>"}
            TAGS | `<tool_call>{"name":"f","arguments":{"a":1,"a":2}}</tool_call>` | `` | f{"a":2}
            TAGS | `<tool_call>no</tool_call> x` | `<tool_call>no</tool_call> x` | ``
            TAGS | `plain` | plain | ``
            PLAIN | ` {"name":"f","parameters":{"a":[1]}}` | `` | f{"a":[1]}
            PLAIN | `<|python_tag|>{"name":"f","parameters":{}}` | `` | f{}
            PLAIN | `{"name":"f"}` | `{"name":"f"}` | ``
            LIST | `[TOOL_CALLS] [{"name":"f","arguments":{},"id":"abc"},{"name":"g","arguments":{}}]` | `` | f{} g{}
            LIST | `[{"name":"f","arguments":{}}]` | `` | f{}
            LIST | `[1,2]` | `[1,2]` | ``
            """)
    void findsCalls(ToolFormat format, String text, String content, String calls) {
        ToolCalls found = format.parse(text);
        assertThat(found.content()).isEqualTo(content);
        assertThat(found.calls().stream()
                        .map(call -> call.name() + call.arguments().toJson())
                        .toList())
                .isEqualTo(calls.isEmpty() ? List.of() : List.of(calls.split(" ")));
    }

    @Test
    void theGrammarMakesTheModelCall() {
        assertThat(accepts(ToolFormat.TAGS, 1, """
                <tool_call>
                {"name": "weather", "arguments": {"city": "Bern"}}
                </tool_call>""")).isTrue();
        assertThat(accepts(ToolFormat.TAGS, 2, """
                <tool_call>
                {"name": "weather", "arguments": {"city": "Bern"}}
                </tool_call>
                <tool_call>
                {"name": "clock", "arguments": {"zone":1}}
                </tool_call>""")).isTrue();
        assertThat(accepts(ToolFormat.TAGS, 1, """
                <tool_call>
                {"name": "weather", "arguments": {}}
                </tool_call>""")).isFalse();
        assertThat(accepts(ToolFormat.PLAIN, 1, "{\"name\": \"clock\", \"parameters\": {}}"))
                .isTrue();
        assertThat(accepts(ToolFormat.PLAIN, 1, "{\"name\": \"other\", \"parameters\": {}}"))
                .isFalse();
        assertThat(accepts(ToolFormat.LIST, 3, "[{\"name\": \"clock\", \"arguments\": {}}]"))
                .isTrue();
        assertThat(accepts(ToolFormat.LIST, 3, "Hello")).isFalse();
    }

    private static boolean accepts(ToolFormat format, int most, String text) {
        Tokenizer tokenizer = Tokenizers.demo();
        TokenConstraint constraint = JsonGrammar.ofToolCalls(
                        TokenTexts.of(tokenizer), format, List.of(WEATHER, CLOCK), most)
                .constraint();
        for (int token : tokenizer.encode(text, false, false)) {
            if (!constraint.allowed().get(token)) {
                return false;
            }
            constraint.accept(token);
        }
        return constraint.mayEnd();
    }

    private static Tokenizer with(String template) {
        return Tokenizers.of(Tokenizers.small().with("tokenizer.chat_template", template));
    }

    private static JsonValue.Fields fields(String json) {
        return (JsonValue.Fields) JsonValue.parse(json);
    }
}
