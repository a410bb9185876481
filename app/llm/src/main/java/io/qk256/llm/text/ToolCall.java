package io.qk256.llm.text;

import io.qk256.llm.json.JsonValue;

/**
 * A call of a {@link Tool} that the model wants.
 *
 * @param id tells the calls of a conversation apart; some templates want 9 letters and digits
 * @param name the name of the tool
 * @param arguments what to call it with; nobody has checked them
 */
public record ToolCall(String id, String name, JsonValue.Fields arguments) {}
