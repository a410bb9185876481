package io.qk256.llm.grammar;

import io.qk256.llm.json.JsonValue;
import io.qk256.spi.support.UserError;
import java.math.BigDecimal;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Reads a JSON schema, which a stranger may have written, and refuses by name what is not supported. */
final class SchemaReader {

    private static final int MAX_SHAPES = 5_000;
    private static final int MAX_CHARACTERS = 200_000;

    /** Of all unions together: unions of unions have most of them again and again. */
    private static final int MAX_ALTERNATIVES = 100_000;

    private static final int MAX_NESTING = 100;
    private static final int MAX_NUMBER = 400;

    /** Of a text of the schema in a message. */
    private static final int MAX_SHOWN = 60;

    private static final int MAX_PATH = 200;

    /** They say something about a value, but restrict none. */
    private static final Set<String> ANNOTATIONS = Set.of(
            "title",
            "description",
            "default",
            "examples",
            "$schema",
            "$id",
            "$comment",
            "$defs",
            "definitions",
            "deprecated",
            "readOnly",
            "writeOnly",
            "format",
            "contentEncoding",
            "contentMediaType");

    private static final Map<String, List<String>> OF_TYPE = Map.of(
            "object", List.of("properties", "required", "additionalProperties"),
            "array", List.of("items", "prefixItems", "minItems", "maxItems"),
            "string", List.of("minLength", "maxLength"),
            "number", List.of("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
            "integer", List.of("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
            "boolean", List.of(),
            "null", List.of());

    private final JsonValue root;
    private final IdentityHashMap<JsonValue, Shape> known = new IdentityHashMap<>();
    private final List<Shape> shapes = new ArrayList<>();
    private int characters;
    private int nesting;
    private int alternatives;

    private final Shape any = anyValue();

    private SchemaReader(JsonValue root) {
        this.root = root;
    }

    /** @throws UserError if the schema is wrong, or not supported */
    static Shape read(JsonValue schema) {
        SchemaReader reader = new SchemaReader(schema);
        Shape shape = reader.shape(schema, "#");
        reader.flatten();
        reader.updateHeights();
        if (shape.height() == Shape.NEVER) {
            throw new UserError("the JSON schema has no values that satisfy it; look for bounds that contradict each"
                    + " other, and for required properties that contain themselves");
        }
        return shape;
    }

    private Shape shape(JsonValue schema, String path) {
        Shape before = known.get(schema);
        // The constants true and false are the same object everywhere.
        if (before != null && schema instanceof JsonValue.Fields) {
            return before;
        }
        nesting++;
        if (nesting > MAX_NESTING) {
            throw wrong(path, "is nested deeper than " + MAX_NESTING + " levels");
        }
        Shape.Reference reference = add(new Shape.Reference());
        known.put(schema, reference);
        reference.set(
                switch (schema) {
                    case JsonValue.Fields fields -> ofObject(fields, path);
                    case JsonValue.Bool bool -> bool == JsonValue.Bool.TRUE ? any : simple(Node.NONE);
                    default -> throw wrong(path, "is " + schema.kind() + ", expected an object, true or false");
                });
        nesting--;
        return reference;
    }

    private Shape ofObject(JsonValue.Fields schema, String path) {
        Set<String> keywords = new LinkedHashSet<>(schema.fields().keySet());
        keywords.removeAll(ANNOTATIONS);
        for (String alone : List.of("$ref", "anyOf", "oneOf", "allOf")) {
            if (keywords.remove(alone)) {
                requireNoMore(keywords, path, "beside " + alone);
                return combined(alone, schema.get(alone).orElseThrow(), path);
            }
        }
        for (String alone : List.of("enum", "const")) {
            if (keywords.remove(alone)) {
                keywords.remove("type");
                requireNoMore(keywords, path, "beside " + alone);
                return constants(alone, schema, path);
            }
        }
        List<String> types = types(schema, path);
        keywords.remove("type");
        OF_TYPE.values().forEach(keywords::removeAll);
        requireNoMore(keywords, path, "which is not supported");
        List<Shape> union =
                types.stream().map(type -> ofType(type, schema, path)).toList();
        return union.size() == 1 ? union.getFirst() : add(new Shape.Union(union));
    }

    private static void requireNoMore(Set<String> keywords, String path, String why) {
        if (!keywords.isEmpty()) {
            throw wrong(
                    path,
                    "has \"" + shortened(keywords.iterator().next()) + "\" " + why
                            + "; supported are type, properties, required, additionalProperties, items, prefixItems,"
                            + " minItems, maxItems, minLength, maxLength, minimum, maximum, exclusiveMinimum,"
                            + " exclusiveMaximum, and each alone enum, const, anyOf, oneOf, allOf of one schema, $ref");
        }
    }

    private Shape combined(String keyword, JsonValue value, String path) {
        if (keyword.equals("$ref")) {
            if (value instanceof JsonValue.Text reference) {
                return shape(find(reference.text(), path), reference.text());
            }
            throw wrong(path, "has $ref with " + value.kind() + ", expected a string");
        }
        List<JsonValue> schemas = items(value, path + "/" + keyword);
        if (schemas.isEmpty() || (keyword.equals("allOf") && schemas.size() > 1)) {
            throw wrong(
                    path + "/" + keyword,
                    "has " + schemas.size() + " schemas, expected "
                            + (keyword.equals("allOf") ? "1: schemas are not merged" : "1 or more"));
        }
        List<Shape> union = new ArrayList<>();
        for (int i = 0; i < schemas.size(); i++) {
            union.add(shape(schemas.get(i), path + "/" + keyword + "/" + i));
        }
        return add(new Shape.Union(union));
    }

    /** The schema that a pointer within this document names. */
    private JsonValue find(String reference, String path) {
        if (!reference.equals("#") && !reference.startsWith("#/")) {
            throw wrong(
                    path,
                    "refers to \"" + shortened(reference)
                            + "\", expected a place in the same schema, such as #/$defs/name");
        }
        JsonValue found = root;
        String[] steps =
                reference.equals("#") ? new String[0] : reference.substring(2).split("/", -1);
        for (String step : steps) {
            String name = unescaped(step, path).replace("~1", "/").replace("~0", "~");
            Optional<JsonValue> next = Optional.empty();
            if (found instanceof JsonValue.Fields fields) {
                next = fields.get(name);
            } else if (found instanceof JsonValue.Items items && name.matches("[0-9]{1,6}")) {
                next = items.items().stream().skip(Integer.parseInt(name)).findFirst();
            }
            found = next.orElseThrow(() -> wrong(
                    path, "refers to \"" + shortened(reference) + "\", but there is no \"" + shortened(name) + "\""));
        }
        return found;
    }

    private static String unescaped(String step, String path) {
        try {
            return URLDecoder.decode(step.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new UserError(
                    "the JSON schema at " + shortened(path, MAX_PATH) + " refers to \"" + shortened(step)
                            + "\", which is no part of a URL",
                    e);
        }
    }

    private Shape constants(String keyword, JsonValue.Fields schema, String path) {
        JsonValue value = schema.get(keyword).orElseThrow();
        List<JsonValue> values = keyword.equals("const") ? List.of(value) : items(value, path + "/enum");
        Optional<List<String>> types =
                schema.fields().containsKey("type") ? Optional.of(types(schema, path)) : Optional.empty();
        List<Shape> union = new ArrayList<>();
        List<String> texts = new ArrayList<>();
        for (JsonValue each : values) {
            if (types.isPresent() && types.get().stream().noneMatch(type -> isOfType(each, type))) {
                continue;
            }
            if (each instanceof JsonValue.Text text) {
                texts.add(text.text());
            } else {
                union.add(constant(each, path));
            }
        }
        if (!texts.isEmpty()) {
            union.add(oneOf(texts, path));
        }
        return add(new Shape.Union(union));
    }

    private static boolean isOfType(JsonValue value, String type) {
        return switch (value) {
            case JsonValue.Num number ->
                type.equals("number")
                        || (type.equals("integer") && number.written().matches("-?[0-9]+"));
            case JsonValue.Bool bool -> type.equals("boolean");
            case JsonValue.Null none -> type.equals("null");
            case JsonValue.Text text -> type.equals("string");
            case JsonValue.Fields fields -> type.equals("object");
            case JsonValue.Items items -> type.equals("array");
        };
    }

    /** Exactly one value; a number as it is written in the schema. */
    private Shape constant(JsonValue value, String path) {
        return switch (value) {
            case JsonValue.Text text -> oneOf(List.of(text.text()), path);
            case JsonValue.Items items -> {
                List<Shape> leading =
                        items.items().stream().map(each -> constant(each, path)).toList();
                yield add(new Shape.Array(leading, Optional.empty(), leading.size(), leading.size()));
            }
            case JsonValue.Fields fields -> {
                Map<String, Shape> values = new LinkedHashMap<>();
                fields.fields().forEach((name, each) -> values.put(name, constant(each, path)));
                yield fields(values, values.keySet(), Optional.empty(), path);
            }
            default -> simple(Literal.of(value.toJson()));
        };
    }

    private Shape oneOf(List<String> texts, String path) {
        Words words = words(texts, path);
        BitSet all = new BitSet();
        all.set(0, words.size());
        return simple(Node.seq(Literal.of("\""), WordMatch.string(words, all, Ending.INSTANCE)));
    }

    /** A string that is a value of its own. */
    private enum Ending implements WordMatch.After {
        INSTANCE;

        @Override
        public Node word(int index) {
            return Node.END;
        }

        @Override
        public boolean hasOther() {
            return false;
        }

        @Override
        public Node other() {
            return Node.NONE;
        }
    }

    private List<String> types(JsonValue.Fields schema, String path) {
        Optional<JsonValue> type = schema.get("type");
        if (type.isEmpty()) {
            return impliedTypes(schema);
        }
        List<JsonValue> named = type.get() instanceof JsonValue.Items items ? items.items() : List.of(type.get());
        List<String> types = new ArrayList<>();
        for (JsonValue each : named) {
            if (!(each instanceof JsonValue.Text text) || !OF_TYPE.containsKey(text.text())) {
                throw wrong(
                        path,
                        "has the type " + shortened(each)
                                + ", expected object, array, string, number, integer, boolean or null");
            }
            types.add(text.text());
        }
        return types;
    }

    /** Who restricts properties wants an object, although JSON Schema would allow everything else too. */
    private static List<String> impliedTypes(JsonValue.Fields schema) {
        List<String> types = new ArrayList<>();
        for (String type : List.of("object", "array", "string", "number")) {
            if (OF_TYPE.getOrDefault(type, List.of()).stream().anyMatch(schema.fields()::containsKey)) {
                types.add(type);
            }
        }
        return types.isEmpty() ? List.of("object", "array", "string", "number", "boolean", "null") : types;
    }

    private Shape ofType(String type, JsonValue.Fields schema, String path) {
        return switch (type) {
            case "object" -> object(schema, path);
            case "array" -> array(schema, path);
            case "string" -> {
                int min = size(schema, "minLength", 0, path);
                int max = size(schema, "maxLength", FreeString.UNLIMITED, path);
                yield simple(Node.seq(Literal.of("\""), FreeString.of(min, max)));
            }
            case "number" -> number(false, schema, path);
            case "integer" -> number(true, schema, path);
            case "boolean" -> simple(Node.alt(Literal.of("true"), Literal.of("false")));
            default -> simple(Literal.of("null"));
        };
    }

    private Shape object(JsonValue.Fields schema, String path) {
        Optional<Shape> others = schema.get("additionalProperties")
                .map(each -> each == JsonValue.Bool.FALSE
                        ? Optional.<Shape>empty()
                        : Optional.of(shape(each, path + "/additionalProperties")))
                .orElse(Optional.of(any));
        Map<String, Shape> values = new LinkedHashMap<>();
        Optional<JsonValue> properties = schema.get("properties");
        if (properties.isPresent()) {
            if (!(properties.get() instanceof JsonValue.Fields fields)) {
                throw wrong(path, "has properties with " + properties.get().kind() + ", expected an object");
            }
            fields.fields().forEach((name, each) -> values.put(name, shape(each, path + "/properties/" + name)));
        }
        Set<String> required = new LinkedHashSet<>();
        for (JsonValue each : schema.get("required")
                .map(value -> items(value, path + "/required"))
                .orElse(List.of())) {
            if (!(each instanceof JsonValue.Text name)) {
                throw wrong(path + "/required", "has " + each.kind() + ", expected names");
            }
            required.add(name.text());
            if (!values.containsKey(name.text())) {
                values.put(
                        name.text(),
                        others.orElseThrow(() -> wrong(
                                path,
                                "requires \"" + shortened(name.text())
                                        + "\", which is not one of its properties, and allows no"
                                        + " additional ones")));
            }
        }
        return fields(values, required, others, path);
    }

    private Shape fields(Map<String, Shape> values, Set<String> required, Optional<Shape> others, String path) {
        Words names = words(values.keySet(), path);
        List<Shape> sorted = new ArrayList<>();
        BitSet needed = new BitSet();
        for (int i = 0; i < names.size(); i++) {
            sorted.add(values.get(names.word(i)));
            needed.set(i, required.contains(names.word(i)));
        }
        return add(new Shape.Fields(names, sorted, needed, others));
    }

    private Shape array(JsonValue.Fields schema, String path) {
        List<Shape> leading = new ArrayList<>();
        for (JsonValue each : schema.get("prefixItems")
                .map(value -> items(value, path + "/prefixItems"))
                .orElse(List.of())) {
            leading.add(shape(each, path + "/prefixItems/" + leading.size()));
        }
        Optional<Shape> others = schema.get("items")
                .map(each -> each == JsonValue.Bool.FALSE
                        ? Optional.<Shape>empty()
                        : Optional.of(shape(each, path + "/items")))
                .orElse(Optional.of(any));
        int min = size(schema, "minItems", 0, path);
        return add(new Shape.Array(leading, others, min, size(schema, "maxItems", Integer.MAX_VALUE, path)));
    }

    private Shape number(boolean isInteger, JsonValue.Fields schema, String path) {
        Optional<BigDecimal> min = bound(schema, "minimum", path);
        Optional<BigDecimal> above = bound(schema, "exclusiveMinimum", path);
        Optional<BigDecimal> max = bound(schema, "maximum", path);
        Optional<BigDecimal> below = bound(schema, "exclusiveMaximum", path);
        if (min.isEmpty() && above.isEmpty() && max.isEmpty() && below.isEmpty()) {
            return simple(new NumberNode(new NumberRange(isInteger, Optional.empty())));
        }
        boolean openMin = above.isPresent()
                && min.map(other -> above.get().compareTo(other) >= 0).orElse(true);
        boolean openMax = below.isPresent()
                && max.map(other -> below.get().compareTo(other) <= 0).orElse(true);
        return NumberRange.of(isInteger, openMin ? above : min, openMin, openMax ? below : max, openMax)
                .map(range -> simple(new NumberNode(range)))
                .orElseGet(() -> simple(Node.NONE));
    }

    private static Optional<BigDecimal> bound(JsonValue.Fields schema, String keyword, String path) {
        return schema.get(keyword)
                .map(value -> number(value)
                        .orElseThrow(() -> wrong(
                                path,
                                "has " + keyword + " " + shortened(value) + ", expected a number that has at most "
                                        + MAX_NUMBER + " digits when it is written out")));
    }

    private static int size(JsonValue.Fields schema, String keyword, int otherwise, String path) {
        return schema.get(keyword)
                .map(value -> number(value)
                        .filter(SchemaReader::isSize)
                        .orElseThrow(() -> wrong(
                                path,
                                "has " + keyword + " " + shortened(value) + ", expected an integer, 0 or more, that has"
                                        + " at most " + MAX_NUMBER + " digits when it is written out"))
                        .min(BigDecimal.valueOf(Integer.MAX_VALUE))
                        .intValue())
                .orElse(otherwise);
    }

    /** Also of 10.0 and 1e1, which JSON schemas count as integers. */
    private static boolean isSize(BigDecimal number) {
        return number.signum() >= 0 && number.stripTrailingZeros().scale() <= 0;
    }

    /** The number; none of those that take long to compute with. */
    private static Optional<BigDecimal> number(JsonValue value) {
        if (!(value instanceof JsonValue.Num number) || number.written().length() > MAX_NUMBER) {
            return Optional.empty();
        }
        try {
            BigDecimal exact = new BigDecimal(number.written());
            return Math.abs((long) exact.scale()) <= MAX_NUMBER ? Optional.of(exact) : Optional.empty();
        } catch (NumberFormatException e) { // Of an exponent with more than 32 bits.
            return Optional.empty();
        }
    }

    private static String shortened(JsonValue value) {
        return shortened(value.toJson());
    }

    private static String shortened(String text) {
        return shortened(text, MAX_SHOWN);
    }

    private static String shortened(String text, int most) {
        return text.length() > most ? text.substring(0, most) + "..." : text;
    }

    private static List<JsonValue> items(JsonValue value, String path) {
        if (value instanceof JsonValue.Items items) {
            return items.items();
        }
        throw wrong(path, "is " + value.kind() + ", expected an array");
    }

    private Words words(Collection<String> texts, String path) {
        for (String text : texts) {
            characters += text.length();
            if (text.codePoints().anyMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE)) {
                throw wrong(path, "has a text with an unpaired surrogate, which is no text of Unicode");
            }
        }
        if (characters > MAX_CHARACTERS) {
            throw wrong(path, "makes more than " + MAX_CHARACTERS + " characters of names and values");
        }
        return new Words(texts);
    }

    private Shape anyValue() {
        Shape.Reference value = add(new Shape.Reference());
        Shape object = add(new Shape.Fields(new Words(List.of()), List.of(), new BitSet(), Optional.of(value)));
        Shape array = add(new Shape.Array(List.of(), Optional.of(value), 0, Integer.MAX_VALUE));
        value.set(add(new Shape.Union(List.of(
                object,
                array,
                simple(Node.seq(Literal.of("\""), FreeString.of(0, FreeString.UNLIMITED))),
                simple(new NumberNode(new NumberRange(false, Optional.empty()))),
                simple(Node.alt(Literal.of("true"), Literal.of("false"))),
                simple(Literal.of("null"))))));
        return value;
    }

    private Shape simple(Node node) {
        return add(new Shape.Simple(node));
    }

    private <T extends Shape> T add(T shape) {
        shapes.add(shape);
        if (shapes.size() > MAX_SHAPES) {
            throw new UserError("the JSON schema has more than " + MAX_SHAPES + " parts, expected fewer");
        }
        return shape;
    }

    /** A reference to itself, with no bracket between, would be followed for ever; it is refused. */
    private void flatten() {
        IdentityHashMap<Shape, Boolean> done = new IdentityHashMap<>();
        shapes.forEach(shape -> flatten(shape, done));
    }

    private void flatten(Shape shape, IdentityHashMap<Shape, Boolean> done) {
        Boolean before = done.get(shape);
        if (before != null) {
            if (!before) {
                throw new UserError("the JSON schema has a $ref that leads to itself without an object or array"
                        + " between; remove it");
            }
            return;
        }
        done.put(shape, false);
        switch (shape) {
            case Shape.Reference reference -> {
                flatten(reference.target(), done);
                reference.flatten();
            }
            case Shape.Union union -> {
                union.shapes().forEach(each -> flatten(each, done));
                union.flatten();
                alternatives += union.alternatives().size();
                if (alternatives > MAX_ALTERNATIVES) {
                    throw new UserError("the JSON schema has more than " + MAX_ALTERNATIVES
                            + " alternatives in its unions together, expected fewer");
                }
            }
            default -> {}
        }
        done.put(shape, true);
    }

    /** Each pass makes at least one more height final. Those of parts are mostly known before those of the whole. */
    private void updateHeights() {
        boolean changed = true;
        while (changed) {
            changed = false;
            for (int i = shapes.size() - 1; i >= 0; i--) {
                changed |= shapes.get(i).update();
            }
        }
    }

    private static UserError wrong(String path, String what) {
        return new UserError("the JSON schema at " + shortened(path, MAX_PATH) + " " + what);
    }
}
