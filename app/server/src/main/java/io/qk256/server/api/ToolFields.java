package io.qk256.server.api;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.qk256.llm.grammar.JsonGrammar;
import io.qk256.llm.json.JsonException;
import io.qk256.llm.json.JsonValue;
import io.qk256.llm.text.ChatTemplate;
import io.qk256.llm.text.Tool;
import io.qk256.llm.text.ToolFormat;
import io.qk256.server.http.ApiException;
import io.qk256.server.http.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The tools that a model may call.
 *
 * @param tools those that it is told of
 * @param grammar what the answer must look like; empty if the model decides whether it calls
 */
record ToolFields(List<Tool> tools, Optional<JsonGrammar> grammar) {

    private static final int MOST_TOOLS = 128;
    private static final int MOST_CALLS = 8;

    /** Whether the answer may have calls. */
    boolean isOffered() {
        return !tools.isEmpty();
    }

    static ToolFields read(Fields fields, ChatTemplate template, Grammars grammars) {
        List<Tool> tools = tools(fields);
        boolean several = fields.any("parallel_tool_calls").isEmpty() || fields.flag("parallel_tool_calls");
        Choice choice = choice(fields, tools);
        if (tools.isEmpty() || choice.isNone()) {
            return new ToolFields(List.of(), Optional.empty());
        }
        if (!template.takesTools()) {
            throw ApiException.invalid(
                    "tools",
                    "invalid_value",
                    "tools: the model's chat template has no place for them; use a model whose template has, such as one"
                            + " of the Qwen3 family");
        }
        if (!choice.isRequired()) {
            if (!several) {
                throw ApiException.invalid(
                        "parallel_tool_calls",
                        "invalid_value",
                        "parallel_tool_calls is false, expected true or none unless tool_choice requires a call: a model"
                                + " that decides itself may call several times");
            }
            return new ToolFields(tools, Optional.empty());
        }
        List<Tool> callable = choice.name()
                .map(name ->
                        tools.stream().filter(tool -> tool.name().equals(name)).toList())
                .orElse(tools);
        ToolFormat format = template.toolFormat();
        int most = several ? MOST_CALLS : 1;
        String description = description(format, most, callable);
        return new ToolFields(
                tools,
                Optional.of(grammars.of(
                        "tools", description, texts -> JsonGrammar.ofToolCalls(texts, format, callable, most))));
    }

    /** As JSON, in which no name can look like something else; the word before makes it no schema, which has the same cache. */
    private static String description(ToolFormat format, int most, List<Tool> tools) {
        JsonArray all = new JsonArray();
        all.add(format.name());
        all.add(most);
        for (Tool tool : tools) {
            all.add(tool.name());
            all.add(tool.parameters().toJson());
        }
        return "calls " + Json.text(all);
    }

    /** Whether a call is required, and of which tool. */
    private record Choice(boolean isNone, boolean isRequired, Optional<String> name) {}

    private static Choice choice(Fields fields, List<Tool> tools) {
        Optional<JsonElement> given = fields.any("tool_choice");
        if (given.isPresent() && given.get() instanceof JsonPrimitive) {
            String word = fields.word("tool_choice", "none", "auto", "required").orElse("auto");
            requireTools(word.equals("required"), tools);
            return new Choice(word.equals("none"), word.equals("required"), Optional.empty());
        }
        Optional<Fields> named = fields.object("tool_choice");
        if (named.isEmpty()) {
            return new Choice(false, false, Optional.empty());
        }
        Fields function = function(named.get());
        String name = function.text("name").orElseThrow(() -> missing(function.at("name"), "the name of a tool"));
        function.requireNoOthers();
        requireTools(true, tools);
        if (tools.stream().noneMatch(tool -> tool.name().equals(name))) {
            throw ApiException.invalid(
                    function.at("name"),
                    "invalid_value",
                    function.at("name") + " is \"" + Fields.shortened(name)
                            + "\", expected the name of one of the tools");
        }
        return new Choice(false, true, Optional.of(name));
    }

    private static void requireTools(boolean required, List<Tool> tools) {
        if (required && tools.isEmpty()) {
            throw ApiException.invalid(
                    "tool_choice", "invalid_value", "tool_choice requires a call, but there are no tools; send some");
        }
    }

    private static List<Tool> tools(Fields fields) {
        JsonArray given = fields.array("tools").orElseGet(JsonArray::new);
        if (given.size() > MOST_TOOLS) {
            throw ApiException.invalid(
                    "tools",
                    "invalid_value",
                    "tools has " + given.size() + " elements, expected at most " + MOST_TOOLS);
        }
        List<Tool> tools = new ArrayList<>();
        for (int i = 0; i < given.size(); i++) {
            Fields function = function(Fields.of(given.get(i), "tools[" + i + "]"));
            String name = function.text("name").orElseThrow(() -> missing(function.at("name"), "a name"));
            String description = function.text("description").orElse("");
            JsonElement parameters = function.any("parameters").orElseGet(ToolFields::noParameters);
            function.ignore("strict"); // A required call always satisfies the schema.
            function.requireNoOthers();
            tools.add(new Tool(name, description, object(parameters, function.at("parameters"))));
        }
        return tools;
    }

    /** The field {@code function} beside the type of the same name. */
    static Fields function(Fields fields) {
        if (fields.word("type", "function").isEmpty()) {
            throw missing(fields.at("type"), "function");
        }
        Fields function = fields.object("function").orElseThrow(() -> missing(fields.at("function"), "an object"));
        return function;
    }

    private static JsonObject noParameters() {
        JsonObject schema = new JsonObject();
        schema.addProperty("type", "object");
        schema.add("properties", new JsonObject());
        schema.addProperty("additionalProperties", false);
        return schema;
    }

    /** The element as the engine's kind of JSON. */
    static JsonValue.Fields object(JsonElement element, String where) {
        try {
            if (JsonValue.parse(Json.text(element)) instanceof JsonValue.Fields object) {
                return object;
            }
        } catch (JsonException e) {
            throw ApiException.invalid(where, "invalid_value", where + " cannot be read: " + e.getMessage());
        }
        throw Fields.wrong(where, element, "an object");
    }

    private static ApiException missing(String where, String expected) {
        return ApiException.invalid(where, "missing_parameter", where + " is missing, expected " + expected);
    }
}
