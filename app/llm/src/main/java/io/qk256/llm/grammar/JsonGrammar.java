package io.qk256.llm.grammar;

import io.qk256.llm.generation.TokenConstraint;
import io.qk256.llm.json.JsonException;
import io.qk256.llm.json.JsonValue;
import io.qk256.spi.support.UserError;

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
 * white space is one space, or one or two line ends and an indentation of at most 32; numbers have at most 20 digits
 * before the point, 20 after it and 2 of the exponent, no exponent if there are bounds, and no point if they are
 * integers; numbers in {@code enum} and {@code const} are written as in the schema; there are at most 64 levels of objects
 * and arrays. A property that the schema does not name may come twice.
 */
public final class JsonGrammar {

    private static final int MAX_LEVELS = 64;

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

    private static Node whole(JsonValue schema) {
        Node values = SchemaReader.read(schema).values(MAX_LEVELS);
        if (values == Node.NONE) {
            throw new UserError("the JSON schema needs more than " + MAX_LEVELS + " levels of objects and arrays");
        }
        return Node.seq(Space.BEFORE, values);
    }

    /** The constraint of a new answer. */
    public TokenConstraint constraint() {
        return new GrammarConstraint(texts, automaton);
    }
}
