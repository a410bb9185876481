package io.qk256.llm.text;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.llm.json.JsonValue;
import io.qk256.llm.text.jinja.Value;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TemplateValuesTest {

    private static ToolCall call(String id, String name) {
        return new ToolCall(id, name, (JsonValue.Fields) JsonValue.parse("{}"));
    }

    /** The last call with an id counts. */
    @Test
    void resultsHaveTheNamesOfTheirTools() {
        List<Value> values = TemplateValues.of(List.of(
                ChatMessage.calls("", List.of(call("a", "first"), call("b", "second"))),
                ChatMessage.result("a", "1"),
                ChatMessage.result("b", "2"),
                ChatMessage.result("c", "3"),
                ChatMessage.calls("", List.of(call("b", "third")))));
        assertThat(values.subList(1, 4))
                .extracting(value -> ((Value.Mapping) value).fields().get("name"))
                .map(name ->
                        name == null ? "none" : ((Value.Text) name).marked().text())
                .containsExactly("first", "third", "none");
    }

    /** Each result looked through the whole conversation, which took many seconds for one of some megabytes. */
    @Test
    void aLongConversationIsReadTwice() {
        List<ChatMessage> messages = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            messages.add(ChatMessage.calls("", List.of(call("c" + i, "f"))));
            messages.add(ChatMessage.result("c" + i, "1"));
        }
        int[] reads = new int[1];
        List<ChatMessage> counted = new AbstractList<>() {
            @Override
            public ChatMessage get(int index) {
                reads[0]++;
                return messages.get(index);
            }

            @Override
            public int size() {
                return messages.size();
            }
        };
        assertThat(TemplateValues.of(counted)).hasSize(2_000);
        assertThat(reads[0]).isEqualTo(4_000);
    }
}
