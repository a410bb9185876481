package io.qk256.llm.text;

import java.util.List;

/**
 * An answer of a model that was offered tools.
 *
 * @param content the text outside of calls, without white space around it
 * @param calls the calls, in order; none if the model answers by itself
 */
public record ToolCalls(String content, List<ToolCall> calls) {

    /** Keeps a copy. */
    public ToolCalls {
        calls = List.copyOf(calls);
    }

    /**
     * Finds the calls in an answer. What is no call in the template's form, or is one that was cut, stays text.
     *
     * @param template the template that has offered the tools
     * @param text the complete answer
     * @throws io.qk256.spi.support.UserError if the template takes no tools
     */
    public static ToolCalls parse(ChatTemplate template, String text) {
        return template.toolFormat().parse(text);
    }
}
