package io.qk256.llm.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import io.qk256.llm.generation.TokenConstraint;
import io.qk256.llm.text.TestTokenizers;
import io.qk256.llm.text.Tokenizer;
import io.qk256.spi.support.UserError;
import io.qk256.testing.Effort;
import java.io.ByteArrayOutputStream;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonGrammarTest {

    private static final Tokenizer BYTE_PAIRS = TestTokenizers.demo();
    private static final TokenTexts TEXTS = TokenTexts.of(BYTE_PAIRS);
    private static final long SEED = Long.getLong("qk256.grammar.seed", 16);
    private static final int SCHEMAS = Effort.isEverything() ? 3000 : 150;

    private static final Gson COMPACT =
            new GsonBuilder().serializeNulls().disableHtmlEscaping().create();
    private static final List<Gson> WRITERS = List.of(
            COMPACT,
            new GsonBuilder().serializeNulls().create(),
            new GsonBuilder().serializeNulls().setPrettyPrinting().create());

    static Stream<Tokenizer> tokenizers() {
        return Stream.of(BYTE_PAIRS, TestTokenizers.sentencePieces());
    }

    /** Whatever the model prefers. */
    @ParameterizedTest
    @MethodSource("tokenizers")
    void finishedTextsSatisfyTheSchema(Tokenizer tokenizer) {
        TokenTexts texts = TokenTexts.of(tokenizer);
        int finished = 0;
        for (int i = 0; i < SCHEMAS; i++) {
            long seed = SEED * 1_000_000 + i;
            JsonObject schema = new RandomSchemas(seed).schema();
            JsonGrammar grammar;
            try {
                grammar = JsonGrammar.ofSchema(texts, schema.toString());
            } catch (UserError e) {
                assertThat(e).as("seed %d, schema %s", seed, schema).hasMessageContaining("has no values");
                continue;
            }
            Random random = new Random(seed);
            for (int text = 0; text < 3; text++) {
                String written = write(tokenizer, grammar.constraint(), random, 400);
                if (written.isEmpty()) {
                    continue;
                }
                finished++;
                assertThat(new Validator(schema).accepts(strictly(written)))
                        .as("seed %d, schema %s, text %s", seed, schema, written)
                        .isTrue();
            }
        }
        assertThat(finished).isGreaterThan(2 * SCHEMAS);
    }

    /** Random tokens; after half of the limit, quotes and brackets that close. Empty if the limit does not suffice. */
    private static String write(Tokenizer tokenizer, TokenConstraint constraint, Random random, int limit) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = 0; i < limit; i++) {
            if (constraint.mayEnd() && (constraint.allowed().isEmpty() || random.nextInt(4) == 0)) {
                return utf8(bytes.toByteArray());
            }
            int token = choose(tokenizer, constraint.allowed(), random, i > limit / 2);
            bytes.writeBytes(tokenizer.textBytes(token));
            constraint.accept(token);
        }
        return "";
    }

    private static int choose(Tokenizer tokenizer, BitSet allowed, Random random, boolean close) {
        assertThat(allowed.isEmpty()).as("a dead end").isFalse();
        if (close || random.nextInt(4) == 0) {
            for (byte b : "\"}]".getBytes(StandardCharsets.UTF_8)) {
                int token = allowed.stream()
                        .filter(id ->
                                tokenizer.textBytes(id).length == 1 && tokenizer.textBytes(id)[0] == b)
                        .findFirst()
                        .orElse(-1);
                if (token >= 0) {
                    return token;
                }
            }
        }
        int[] all = allowed.stream().toArray();
        return all[random.nextInt(all.length)];
    }

    private static String utf8(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new AssertionError(e);
        }
    }

    private static JsonElement strictly(String text) {
        JsonReader reader = new JsonReader(new StringReader(text));
        reader.setStrictness(Strictness.STRICT);
        try {
            return JsonParser.parseReader(reader);
        } catch (JsonParseException e) {
            throw new AssertionError(text, e);
        }
    }

    /** Whatever JSON the schema allows, in any order and layout, can be written. */
    @ParameterizedTest
    @MethodSource("tokenizers")
    void valuesThatSatisfyTheSchemaAreAccepted(Tokenizer tokenizer) {
        TokenTexts texts = TokenTexts.of(tokenizer);
        int accepted = 0;
        for (int i = 0; i < SCHEMAS; i++) {
            long seed = SEED * 1_000_000 + i;
            RandomSchemas schemas = new RandomSchemas(seed);
            JsonObject schema = schemas.schema();
            JsonGrammar grammar;
            try {
                grammar = JsonGrammar.ofSchema(texts, schema.toString());
            } catch (UserError e) {
                continue;
            }
            for (int value = 0; value < 4; value++) {
                JsonElement sample;
                try {
                    sample = schemas.value(schema);
                } catch (StackOverflowError | IllegalArgumentException e) {
                    continue;
                }
                if (!new Validator(schema).accepts(sample)) {
                    continue;
                }
                String text = WRITERS.get(value % WRITERS.size()).toJson(sample);
                requireAccepted(tokenizer, grammar, text, "seed " + seed + ", schema " + schema);
                accepted++;
            }
        }
        assertThat(accepted).isGreaterThan(3 * SCHEMAS);
    }

    private static void requireAccepted(Tokenizer tokenizer, JsonGrammar grammar, String text, String what) {
        TokenConstraint constraint = grammar.constraint();
        for (int token : tokenizer.encode(text, false, false)) {
            assertThat(constraint.allowed().get(token))
                    .as("%s, text %s, token %s", what, text, tokenizer.describe(token))
                    .isTrue();
            constraint.accept(token);
        }
        assertThat(constraint.mayEnd()).as("%s, text %s", what, text).isTrue();
    }

    /** The walk over the tree of tokens finds what each token's bytes alone would say. */
    @Test
    void allowsExactlyTheTokensWhoseBytesMayCome() {
        int places = 0;
        for (int i = 0; i < 40; i++) {
            long seed = SEED * 1_000_000 + 500 + i;
            JsonObject schema = new RandomSchemas(seed).schema();
            Node node = Node.seq(Space.BEFORE, start(schema));
            Random random = new Random(seed);
            TokenAutomaton automaton = new TokenAutomaton(TEXTS, node);
            for (int token = 0; token < 60 && !node.equals(Node.NONE) && !node.equals(Node.END); token++) {
                BitSet allowed = automaton.allowed(node);
                BitSet expected = new BitSet();
                for (int id = 0; id < BYTE_PAIRS.vocabularySize(); id++) {
                    byte[] bytes = TEXTS.bytes(id);
                    expected.set(id, bytes.length > 0 && !after(node, bytes).equals(Node.NONE));
                }
                assertThat(allowed).as("seed %d, schema %s", seed, schema).isEqualTo(expected);
                if (allowed.isEmpty()) {
                    break;
                }
                node = after(node, TEXTS.bytes(choose(BYTE_PAIRS, allowed, random, false)));
                places++;
            }
        }
        assertThat(places).isGreaterThan(500);
    }

    private static Node start(JsonObject schema) {
        try {
            return SchemaReader.read(io.qk256.llm.json.JsonValue.parse(schema.toString()))
                    .values(8);
        } catch (UserError e) {
            return Node.NONE;
        }
    }

    private static Node after(Node node, byte[] bytes) {
        Node after = node;
        for (byte b : bytes) {
            after = after.next(Byte.toUnsignedInt(b));
        }
        return after;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"type\":\"string\"} | \"a\" | yes",
                "{\"type\":\"string\"} | 1 | no",
                "{\"type\":\"string\"} | \"\\ud83d\\ude00\" | yes",
                "{\"type\":\"string\"} | \"\\ud83d\" | no",
                "{\"type\":\"string\"} | \"\\ude00\" | no",
                "{\"type\":\"string\"} | \"\\ud83dx\" | no",
                "{\"type\":\"string\",\"maxLength\":1} | \"\\ud83d\\ude00\" | yes",
                "{\"type\":\"string\",\"maxLength\":1} | \"\ud83d\ude00\" | yes",
                "{\"type\":\"string\",\"maxLength\":1} | \"ab\" | no",
                "{\"type\":\"string\",\"minLength\":2} | \"\u00e4\" | no",
                "{\"type\":\"string\",\"minLength\":2} | \"\u00e4\\n\" | yes",
                "{\"enum\":[\"red\",\"\ud83d\ude00\"]} | \"\\u0072ed\" | yes",
                "{\"enum\":[\"red\",\"\ud83d\ude00\"]} | \"\\uD83D\\uDE00\" | yes",
                "{\"enum\":[\"red\",\"\ud83d\ude00\"]} | \"\\uD83D\\uDE01\" | no",
                "{\"enum\":[\"red\",\"\ud83d\ude00\"]} | \"redd\" | no",
                "{\"enum\":[\"red\",1,null,[2,{\"a\":true}]]} | [2, {\"a\": true}] | yes",
                "{\"enum\":[\"red\",1,null,[2,{\"a\":true}]]} | [2] | no",
                "{\"type\":\"integer\"} | -12 | yes",
                "{\"type\":\"integer\"} | 1.0 | no",
                "{\"type\":\"integer\"} | 01 | no",
                "{\"type\":\"number\"} | -0.5e+10 | yes",
                "{\"type\":\"number\"} | 1. | no",
                "{\"type\":\"number\"} | .5 | no",
                "{\"type\":\"integer\",\"minimum\":-5,\"maximum\":120} | -5 | yes",
                "{\"type\":\"integer\",\"minimum\":-5,\"maximum\":120} | -6 | no",
                "{\"type\":\"integer\",\"minimum\":-5,\"maximum\":120} | 120 | yes",
                "{\"type\":\"integer\",\"minimum\":-5,\"maximum\":120} | 121 | no",
                "{\"type\":\"integer\",\"exclusiveMinimum\":99} | 99 | no",
                "{\"type\":\"integer\",\"exclusiveMinimum\":99} | 100 | yes",
                "{\"type\":\"number\",\"minimum\":0.5,\"exclusiveMaximum\":1} | 0.99999 | yes",
                "{\"type\":\"number\",\"minimum\":0.5,\"exclusiveMaximum\":1} | 0.49 | no",
                "{\"type\":\"number\",\"minimum\":0.5,\"exclusiveMaximum\":1} | 1 | no",
                "{\"type\":\"array\",\"maxItems\":2} | [1,2] | yes",
                "{\"type\":\"array\",\"maxItems\":2} | [1,2,3] | no",
                "{\"type\":\"array\",\"minItems\":1} | [] | no",
                "{\"type\":\"array\",\"minItems\":1.0,\"maxItems\":2e0} | [1,2] | yes",
                "{\"type\":\"array\",\"minItems\":1.0,\"maxItems\":2e0} | [] | no",
                "{\"type\":\"array\",\"minItems\":1.0,\"maxItems\":2e0} | [1,2,3] | no",
                "{\"type\":\"string\",\"minLength\":-0,\"maxLength\":1e400} | \"\" | yes",
                "{\"type\":\"array\",\"items\":{\"type\":\"null\"}} | [ null , null ] | yes",
                "{\"prefixItems\":[{\"type\":\"null\"}],\"items\":false} | [null] | yes",
                "{\"prefixItems\":[{\"type\":\"null\"}],\"items\":false} | [null,1] | no",
                "{\"type\":\"object\"} | {\"a\":[1,{\"b\":null}],\"c\":\"d\"} | yes",
                "{\"properties\":{\"a\":{\"type\":\"null\"}}} | {\"a\":null,\"b\":1} | yes",
                "{\"properties\":{\"a\":{\"type\":\"null\"}}} | {\"a\":1} | no",
                "{\"properties\":{\"a\":{\"type\":\"null\"}}} | {\"\\u0061\":1} | no",
                "{\"properties\":{\"a\":{\"type\":\"null\"}}} | {\"a\":null,\"a\":null} | no",
                "{\"properties\":{\"a\":{}},\"additionalProperties\":false} | {\"b\":1} | no",
                "{\"properties\":{\"a\":{},\"b\":{}},\"required\":[\"a\"]} | {\"b\":1} | no",
                "{\"properties\":{\"a\":{},\"b\":{}},\"required\":[\"a\"]} | {\"b\":1,\"a\":2} | yes",
                "{\"required\":[\"a\"],\"additionalProperties\":{\"type\":\"null\"}} | {\"a\":1} | no",
                "{\"anyOf\":[{\"type\":\"null\"},{\"const\":\"n\"}]} | null | yes",
                "{\"anyOf\":[{\"type\":\"null\"},{\"const\":\"n\"}]} | \"n\" | yes",
                "{\"allOf\":[{\"type\":\"null\"}]} | null | yes",
                "{\"type\":[\"integer\",\"boolean\"]} | true | yes",
                "{\"type\":\"string\",\"enum\":[\"a\",1]} | 1 | no",
                "{} | {\"a\":[true,-1.5e9,\"x\"]} | yes",
            })
    void decides(String schema, String text, String expected) {
        Node node = Node.seq(
                Space.BEFORE,
                SchemaReader.read(io.qk256.llm.json.JsonValue.parse(schema)).values(64));
        assertThat(after(node, text.getBytes(StandardCharsets.UTF_8)).mayEnd()).isEqualTo(expected.equals("yes"));
    }

    @Test
    void recursionEndsAtTheMostLevels() {
        JsonGrammar list = JsonGrammar.ofSchema(
                TEXTS, "{\"properties\":{\"next\":{\"$ref\":\"#\"}},\"additionalProperties\":false}");
        assertThat(acceptsStart(list, "{\"next\":".repeat(63) + "{}" + "}".repeat(63)))
                .isTrue();
        assertThat(acceptsStart(list, "{\"next\":".repeat(64))).isFalse();
        JsonGrammar any = JsonGrammar.ofAnyObject(TEXTS);
        assertThat(acceptsStart(any, "{\"a\":" + "[".repeat(63))).isTrue();
        assertThat(acceptsStart(any, "{\"a\":" + "[".repeat(64))).isFalse();
    }

    private static boolean acceptsStart(JsonGrammar grammar, String text) {
        TokenConstraint constraint = grammar.constraint();
        for (int token : BYTE_PAIRS.encode(text, false, false)) {
            if (!constraint.allowed().get(token)) {
                assertThatThrownBy(() -> constraint.accept(token))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessage("token " + token + " is not allowed here");
                return false;
            }
            constraint.accept(token);
        }
        return true;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"type\":\"string\",\"pattern\":\"a+\"} | at # has \"pattern\" which is not supported; supported are type",
                "{\"properties\":{\"a\":{\"multipleOf\":2}}} | at #/properties/a has \"multipleOf\" which is not supported",
                "{\"allOf\":[{},{}]} | at #/allOf has 2 schemas, expected 1: schemas are not merged",
                "{\"anyOf\":[{}],\"type\":\"object\"} | at # has \"type\" beside anyOf",
                "{\"not\":{}} | has \"not\" which is not supported",
                "{\"type\":\"text\"} | has the type \"text\", expected object, array",
                "{\"$ref\":\"http://x/y\"} | refers to \"http://x/y\", expected a place in the same schema",
                "{\"$ref\":\"#/$defs/a\"} | refers to \"#/$defs/a\", but there is no \"$defs\"",
                "{\"$ref\":\"#\"} | has a $ref that leads to itself without an object or array between",
                "{\"$defs\":{\"a\":{\"anyOf\":[{\"type\":\"null\"},{\"$ref\":\"#/$defs/a\"}]}},\"$ref\":\"#/$defs/a\"} | leads to itself",
                "{\"properties\":{\"a\":{\"$ref\":\"#\"}},\"required\":[\"a\"]} | has no values that satisfy it",
                "{\"type\":\"integer\",\"minimum\":2,\"maximum\":1} | has no values that satisfy it",
                "{\"minLength\":2,\"maxLength\":1} | has no values that satisfy it",
                "{\"type\":\"integer\",\"minimum\":1e999999999} | has minimum 1e999999999, expected a number that has at most 400 digits",
                "{\"type\":\"number\",\"minimum\":1e-99999999999} | has minimum 1e-99999999999, expected a number that has",
                "{\"minLength\":1e99999999999} | has minLength 1e99999999999, expected an integer, 0 or more, that has",
                "{\"minLength\":-1} | has minLength -1, expected an integer, 0 or more",
                "{\"minLength\":1.5} | has minLength 1.5, expected an integer, 0 or more",
                "{\"maxItems\":1e401} | has maxItems 1e401, expected an integer, 0 or more, that has at most 400 digits",
                "{\"maxItems\":\"1\"} | has maxItems \"1\", expected an integer, 0 or more",
                "{\"required\":[\"a\"],\"additionalProperties\":false} | requires \"a\", which is not one of its properties",
                "{\"const\":\"\\ud800\"} | has a text with an unpaired surrogate",
                "[] | is an array, expected an object, true or false",
                "{\"type\": | cannot be read: JSON has the end at character 8, expected a value",
            })
    void refusesByName(String schema, String message) {
        assertThatThrownBy(() -> JsonGrammar.ofSchema(TEXTS, schema))
                .isInstanceOf(UserError.class)
                .hasMessageStartingWith("the JSON schema ")
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"$ref\":\"X\"}",
                "{\"$ref\":\"#/X\"}",
                "{\"$ref\":\"#/%X\"}",
                "{\"type\":\"X\"}",
                "{\"X\":1}",
                "{\"minimum\":\"X\"}",
                "{\"required\":[\"X\"],\"additionalProperties\":false}",
                "{\"properties\":{\"X\":{\"$ref\":\"#/%X\"}}}",
            })
    void messagesAreShort(String schema) {
        assertThatThrownBy(() -> JsonGrammar.ofSchema(TEXTS, schema.replace("X", "x".repeat(10_000))))
                .isInstanceOf(UserError.class)
                .message()
                .contains("xxx...")
                .hasSizeLessThan(600);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void hostileSchemasAreBounded(int kind) {
        String schema = switch (kind) {
            case 0 -> "{\"items\":".repeat(150) + "{}" + "}".repeat(150);
            case 1 ->
                "{\"anyOf\":["
                        + String.join(
                                ",",
                                IntStream.range(0, 6000)
                                        .mapToObj(i -> "{\"maxLength\":" + i + "}")
                                        .toList())
                        + "]}";
            case 2 -> "{\"enum\":[\"" + "x".repeat(300_000) + "\"]}";
            default -> "[".repeat(1000);
        };
        assertThatThrownBy(() -> JsonGrammar.ofSchema(TEXTS, schema)).isInstanceOf(UserError.class);
    }

    /** Each definition has an alternative more than the next one, so lists of all would take a lot of memory. */
    @Test
    void unionsOfUnionsAreBounded() {
        StringBuilder definitions = new StringBuilder();
        for (int i = 0; i < 600; i++) {
            String next = "{\"$ref\":\"#/$defs/a%d\"}".formatted(i + 1);
            definitions.append("\"a%d\":{\"anyOf\":[{\"const\":%d},%s]},".formatted(i, i, next));
        }
        String chain = "{\"$defs\":{" + definitions + "\"a600\":{\"type\":\"null\"}},\"properties\":{%s}}";
        List<String> references = IntStream.rangeClosed(0, 600)
                .mapToObj(i -> "\"p%d\":{\"$ref\":\"#/$defs/a%d\"}".formatted(i, 600 - i))
                .toList();
        String schema = chain.formatted(String.join(",", references));
        assertThatThrownBy(() -> JsonGrammar.ofSchema(TEXTS, schema))
                .isInstanceOf(UserError.class)
                .hasMessage("the JSON schema has more than 100000 alternatives in its unions together, expected fewer");
    }

    /** Each definition leads twice to the next one, in all 2^45 times to the last one, which is one alternative. */
    @Test
    void sharedDefinitionsAreFollowedOnce() {
        StringBuilder definitions = new StringBuilder();
        for (int i = 0; i < 45; i++) {
            String next = "{\"$ref\":\"#/$defs/a" + (i + 1) + "\"}";
            definitions.append("\"a%d\":{\"anyOf\":[%s,%s]},".formatted(i, next, next));
        }
        String last = "\"a45\":{\"anyOf\":[{\"type\":\"boolean\"},{\"items\":{\"$ref\":\"#/$defs/a0\"}}]}";
        String schema = "{\"properties\":{\"x\":{\"$ref\":\"#/$defs/a0\"}},\"required\":[\"x\"],"
                + "\"additionalProperties\":false,\"$defs\":{" + definitions + last + "}}";
        assertTimeoutPreemptively(Duration.ofMinutes(1), () -> {
            JsonGrammar grammar = JsonGrammar.ofSchema(TEXTS, schema);
            requireAccepted(BYTE_PAIRS, grammar, "{\"x\":true}", schema);
            requireAccepted(BYTE_PAIRS, grammar, "{\"x\":[false,[[]]]}", schema);
            assertThat(acceptsStart(grammar, "{\"x\":null")).isFalse();
            assertThat(acceptsStart(grammar, "{\"x\":[1")).isFalse();
            assertThat(acceptsStart(grammar, "{\"x\":" + "[".repeat(63))).isTrue();
            assertThat(acceptsStart(grammar, "{\"x\":" + "[".repeat(64))).isFalse();
        });
    }

    /** Alternatives that cannot be told apart early are followed together, up to a limit. */
    @Test
    void manyAlternativesAreRefusedWhenTheyMeet() {
        String wide = "{\"anyOf\":["
                + String.join(
                        ",",
                        IntStream.range(0, 2400)
                                .mapToObj(i -> "{\"type\":\"string\",\"maxLength\":" + (i + 1000) + "}")
                                .toList())
                + "]}";
        TokenConstraint constraint = JsonGrammar.ofSchema(TEXTS, wide).constraint();
        int quote = BYTE_PAIRS.encode("\"", false, false)[0];
        assertThatThrownBy(() -> constraint.accept(quote))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("too many forms");
    }
}
