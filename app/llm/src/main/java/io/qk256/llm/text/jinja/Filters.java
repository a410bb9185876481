package io.qk256.llm.text.jinja;

import io.qk256.llm.text.jinja.Value.Int;
import io.qk256.llm.text.jinja.Value.Mapping;
import io.qk256.llm.text.jinja.Value.None;
import io.qk256.llm.text.jinja.Value.Sequence;
import io.qk256.llm.text.jinja.Value.Text;
import io.qk256.llm.text.jinja.Value.Undefined;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** What stands behind a bar. */
final class Filters {

    private static final int MAX_INDENT = 16;

    private final Budget budget;
    private final Texts texts;
    private final Predicates predicates;

    Filters(Budget budget, Texts texts, Predicates predicates) {
        this.budget = budget;
        this.texts = texts;
        this.predicates = predicates;
    }

    Value apply(String name, Value value, Arguments arguments) {
        int line = arguments.line();
        return switch (name) {
            case "trim" -> {
                Optional<MarkedText> chars =
                        arguments.atMost(1, "chars").find(0, "chars").map(arguments::textOf);
                yield new Text(texts.strip(text(value, line), chars, true, true, line));
            }
            case "string", "safe" -> new Text(text(value, none(arguments).line()));
            case "lower" ->
                new Text(texts.lower(text(value, line), none(arguments).line()));
            case "upper" ->
                new Text(texts.upper(text(value, line), none(arguments).line()));
            case "title" ->
                new Text(texts.title(text(value, line), true, none(arguments).line()));
            case "capitalize" ->
                new Text(texts.capitalize(text(value, line), none(arguments).line()));
            case "replace" -> replace(value, arguments.atMost(2));
            case "length", "count" -> new Int(length(value, none(arguments)));
            case "list" -> new Sequence(elements(value, none(arguments)));
            case "first" -> end(elements(value, none(arguments)), true);
            case "last" -> end(elements(value, none(arguments)), false);
            case "items" -> items(value, none(arguments));
            case "join" -> join(value, arguments.atMost(1, "d"));
            case "default", "d" -> orDefault(value, arguments.atMost(2, "default_value", "boolean"));
            case "tojson" -> toJson(value, arguments.atMost(1, "indent", "ensure_ascii", "sort_keys"));
            case "select", "reject" -> select(value, arguments, name.equals("select"), UnaryOperator.identity(), 0);
            case "selectattr", "rejectattr" -> {
                MarkedText attribute = arguments.requireText(0);
                UnaryOperator<Value> of = element -> field(element, texts.name(attribute, line));
                yield select(value, arguments, name.equals("selectattr"), of, 1);
            }
            case "map" -> map(value, arguments);
            default -> throw arguments.error("is not supported");
        };
    }

    private static Arguments none(Arguments arguments) {
        return arguments.atMost(0);
    }

    /** A value as {@code {{ value }}} writes it. */
    static MarkedText text(Value value, int line) {
        return switch (value) {
            case Text text -> text.marked();
            case Int number -> MarkedText.ofTemplate(Long.toString(number.value()));
            case Value.Real number -> MarkedText.ofTemplate(number.written());
            case Value.Bool bool -> MarkedText.ofTemplate(bool.isTrue() ? "True" : "False");
            case None none -> MarkedText.ofTemplate("None");
            case Undefined missing -> MarkedText.EMPTY;
            default -> throw JinjaException.at(line, "writing " + value.kind() + " as text is not supported");
        };
    }

    /** What a loop goes over. */
    List<Value> elements(Value value, Arguments arguments) {
        int line = arguments.line();
        return switch (value) {
            case Sequence list -> {
                budget.steps(list.elements().size(), line);
                yield list.elements();
            }
            case Mapping map -> {
                budget.steps(map.fields().size(), line);
                yield map.fields().keySet().stream().map(Value::ofMessage).toList();
            }
            case Text text -> texts.characters(text.marked(), line);
            case Undefined missing -> List.of();
            default -> throw arguments.error("goes over " + value.kind());
        };
    }

    private long length(Value value, Arguments arguments) {
        return switch (value) {
            case Text text -> texts.length(text.marked(), arguments.line());
            case Sequence list -> list.elements().size();
            case Mapping map -> map.fields().size();
            case Undefined missing -> 0;
            default -> throw arguments.error("cannot count " + value.kind());
        };
    }

    private static Value end(List<Value> elements, boolean first) {
        if (elements.isEmpty()) {
            return new Undefined(first ? "first" : "last");
        }
        return first ? elements.getFirst() : elements.getLast();
    }

    /** The fields of a dictionary as pairs. */
    Value items(Value value, Arguments arguments) {
        if (value instanceof Undefined) {
            return new Sequence(List.of());
        }
        if (!(value instanceof Mapping map)) {
            throw arguments.error("needs a dictionary, not " + value.kind());
        }
        budget.steps(map.fields().size(), arguments.line());
        List<Value> pairs = new ArrayList<>();
        for (Map.Entry<String, Value> field : map.fields().entrySet()) {
            pairs.add(new Sequence(List.of(Value.ofMessage(field.getKey()), field.getValue())));
        }
        return new Sequence(pairs);
    }

    /** The values of a dictionary. */
    Value values(Mapping map, Arguments arguments) {
        budget.steps(map.fields().size(), arguments.line());
        return new Sequence(List.copyOf(map.fields().values()));
    }

    private Value replace(Value value, Arguments arguments) {
        MarkedText old = arguments.requireText(0);
        if (old.length() == 0) {
            throw arguments.error("cannot replace an empty string");
        }
        int line = arguments.line();
        return new Text(texts.replace(text(value, line), old, arguments.requireText(1), line));
    }

    private Value join(Value value, Arguments arguments) {
        MarkedText separator = arguments.find(0, "d").map(arguments::textOf).orElse(MarkedText.EMPTY);
        List<MarkedText> parts = elements(value, arguments).stream()
                .map(element -> text(element, arguments.line()))
                .toList();
        return new Text(texts.join(parts, separator, arguments.line()));
    }

    private static Value orDefault(Value value, Arguments arguments) {
        boolean alsoFalse = arguments.find(1, "boolean").map(Value::isTrue).orElse(false);
        boolean isMissing = value instanceof Undefined || (alsoFalse && !value.isTrue());
        return isMissing ? arguments.find(0, "default_value").orElse(Value.ofTemplate("")) : value;
    }

    private Value toJson(Value value, Arguments arguments) {
        Value indent = arguments.find(0, "indent").orElse(None.NONE);
        long spaces = indent instanceof None ? -1 : Math.clamp(arguments.intOf(indent), 0, MAX_INDENT);
        Value ascii = arguments.named().getOrDefault("ensure_ascii", Value.Bool.FALSE);
        if (ascii.isTrue()) {
            throw arguments.error("does not support ensure_ascii=true");
        }
        boolean sorts =
                arguments.named().getOrDefault("sort_keys", Value.Bool.FALSE).isTrue();
        return new Text(new Json(budget, arguments.line(), (int) spaces, sorts).write(value));
    }

    /** @param skipped the arguments before the name of the test */
    private Value select(Value value, Arguments arguments, boolean keeps, UnaryOperator<Value> of, int skipped) {
        List<Value> given = arguments.positional();
        Optional<String> name =
                arguments.find(skipped).map(test -> texts.name(arguments.textOf(test), arguments.line()));
        Arguments rest = new Arguments(
                "test \"" + name.orElse("") + "\"",
                arguments.line(),
                given.subList(Math.min(skipped + 1, given.size()), given.size()),
                arguments.named());
        List<Value> kept = new ArrayList<>();
        for (Value element : elements(value, arguments)) {
            Value tested = of.apply(element);
            boolean is = name.isEmpty() ? tested.isTrue() : predicates.test(name.get(), tested, rest);
            if (is == keeps) {
                kept.add(element);
            }
        }
        return new Sequence(kept);
    }

    private Value map(Value value, Arguments arguments) {
        List<Value> mapped = new ArrayList<>();
        Optional<Value> attribute = Optional.ofNullable(arguments.named().get("attribute"));
        List<Value> given = arguments.positional();
        for (Value element : elements(value, arguments)) {
            if (attribute.isPresent()) {
                mapped.add(field(element, texts.name(arguments.textOf(attribute.get()), arguments.line())));
            } else {
                String name = texts.name(arguments.requireText(0), arguments.line());
                Arguments rest = new Arguments(
                        "filter \"" + name + "\"", arguments.line(), given.subList(1, given.size()), arguments.named());
                budget.enter(arguments.line());
                mapped.add(apply(name, element, rest));
                budget.leave();
            }
        }
        return new Sequence(mapped);
    }

    private static Value field(Value of, String name) {
        return of instanceof Mapping map ? map.fields().getOrDefault(name, new Undefined(name)) : new Undefined(name);
    }
}
