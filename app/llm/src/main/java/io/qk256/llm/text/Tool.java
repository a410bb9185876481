package io.qk256.llm.text;

import io.qk256.llm.json.JsonValue;

/**
 * A function that the model may call.
 *
 * @param name the name of the function
 * @param description what it does, for the model
 * @param parameters the JSON schema of its arguments, which are an object
 */
public record Tool(String name, String description, JsonValue.Fields parameters) {}
