package io.qk256.llm.grammar;

import io.qk256.llm.generation.TokenConstraint;
import io.qk256.llm.json.JsonException;
import io.qk256.llm.json.JsonValue;
import io.qk256.llm.text.Tool;
import io.qk256.llm.text.ToolFormat;
import io.qk256.spi.support.UserError;
import java.util.ArrayList;
import java.util.List;

/**
 * Keeps an answer in the form of a JSON schema: an answer that is not cut is JSON and satisfies it. Thread-safe; gives a
 * {@link TokenConstraint} for each answer. Make one for a schema that is used again: it remembers which tokens may come
 * where.
 *
 * <p>Supported are {@code type} (also several), {@code properties}, {@code required}, {@code additionalProperties},
 * {@code items}, {@code prefixItems}, {@code minItems}, {@code maxItems}, {@code minLength}, {@code maxLength},
 * {@code minimum}, {@code maximum}, {@code exclusiveMinimum}, {@code exclusiveMaximum}; each alone {@code enum},
 * {@code const}, {@code anyOf}, {@code allOf} of one schema, {@code $ref} within the document, also to itself, and
 * {@code oneOf}, which is taken as {@code anyOf}. {@code format} and descriptions restrict nothing, as JSON Schema says.
 * Everything else, such as {@code pattern} or {@code multipleOf}, is refused by name. A schema with {@code properties}
 * and without {@code type} is taken for one of objects, and so on.
 *
 * <p>Of the JSON that satisfies the schema, an answer can be any, in any order of properties and with any escapes, but:
 * white space is one space, or one or two line ends and an indentation of at most 20; numbers have at most 20 digits
 * before the point, 20 after it and 2 of the exponent, no exponent if there are bounds, and no point if they are
 * integers; numbers in {@code enum} and {@code const} are written as in the schema; there are at most 64 levels of objects
 * and arrays. A property that the schema does not name may come twice.
 */
public final class JsonGrammar {

    private static final int MAX_LEVELS = 64;
    private static final int MAX_CALLS = 16;

    private final TokenTexts texts;
    private final TokenAutomaton automaton;

    private JsonGrammar(TokenTexts texts, Node start) {
        this.texts = texts;
        this.automaton = new TokenAutomaton(texts, start);
    }

    /**
     * The grammar of a schema.
     *
     * @param schema an object, true or false, perhaps from a stranger: size and depth are limited
     * @throws UserError if it is no schema, is not supported, or no value satisfies it
     */
    public static JsonGrammar ofSchema(TokenTexts texts, JsonValue schema) {
        return new JsonGrammar(texts, whole(schema));
    }

    /**
     * The grammar of a schema.
     *
     * @param schema JSON
     * @throws UserError if it is no schema, is not supported, or no value satisfies it
     */
    public static JsonGrammar ofSchema(TokenTexts texts, String schema) {
        try {
            return ofSchema(texts, JsonValue.parse(schema));
        } catch (JsonException e) {
            throw new UserError("the JSON schema cannot be read: " + e.getMessage(), e);
        }
    }

    /** The grammar of any JSON object. */
    public static JsonGrammar ofAnyObject(TokenTexts texts) {
        return ofSchema(texts, "{\"type\":\"object\"}");
    }

    /**
     * The grammar of an answer that calls tools, and says nothing else.
     *
     * @param tools those that may be called: one, to have it called
     * @param most the most calls, 1 or more; {@link ToolFormat#PLAIN} has one
     * @throws UserError if the schema of a tool's parameters is wrong, or not supported
     */
    public static JsonGrammar ofToolCalls(TokenTexts texts, ToolFormat format, List<Tool> tools, int most) {
        List<Node> calls = new ArrayList<>();
        for (Tool tool : tools) {
            Node arguments = SchemaReader.read(tool.parameters()).values(MAX_LEVELS);
            if (arguments.equals(Node.NONE)) {
                throw new UserError("the parameters of tool \"" + tool.name() + "\" need more than " + MAX_LEVELS
                        + " levels of objects and arrays");
            }
            String begin =
                    "{\"name\": " + new JsonValue.Text(tool.name()).toJson() + ", \"" + format.argumentsName() + "\": ";
            calls.add(Node.seq(Literal.of(begin), arguments, Literal.of("}")));
        }
        Node call = Node.alt(calls);
        return new JsonGrammar(
                texts,
                switch (format) {
                    case PLAIN -> call;
                    case LIST -> Node.seq(Space.BEFORE, Literal.of("["), repeated(call, ", ", most), Literal.of("]"));
                    case TAGS -> {
                        Node tagged =
                                Node.seq(Literal.of(ToolFormat.OPEN + "\n"), call, Literal.of("\n" + ToolFormat.CLOSE));
                        yield Node.seq(Space.BEFORE, repeated(tagged, "\n", most));
                    }
                });
    }

    private static Node repeated(Node node, String between, int most) {
        Node all = node;
        for (int i = 1; i < Math.min(most, MAX_CALLS); i++) {
            all = Node.seq(node, Node.alt(Node.END, Node.seq(Literal.of(between), all)));
        }
        return all;
    }

    private static Node whole(JsonValue schema) {
        Node values = SchemaReader.read(schema).values(MAX_LEVELS);
        if (values.equals(Node.NONE)) {
            throw new UserError("the JSON schema needs more than " + MAX_LEVELS + " levels of objects and arrays");
        }
        return Node.seq(Space.BEFORE, values);
    }

    /** The grammar of answers that this one allows, or the other one, which must be of the same tokens. */
    public JsonGrammar or(JsonGrammar other) {
        return new JsonGrammar(texts, Node.alt(automaton.start(), other.automaton.start()));
    }

    /** The constraint of a new answer. */
    public TokenConstraint constraint() {
        return new GrammarConstraint(texts, automaton);
    }
}
