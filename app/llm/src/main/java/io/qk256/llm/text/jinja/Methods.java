package io.qk256.llm.text.jinja;

import io.qk256.llm.text.jinja.Value.Bool;
import io.qk256.llm.text.jinja.Value.Mapping;
import io.qk256.llm.text.jinja.Value.None;
import io.qk256.llm.text.jinja.Value.Sequence;
import io.qk256.llm.text.jinja.Value.Text;
import java.util.Optional;

/** The methods of Python's strings and dictionaries that templates call. */
final class Methods {

    private final Texts texts;
    private final Filters filters;

    Methods(Texts texts, Filters filters) {
        this.texts = texts;
        this.filters = filters;
    }

    Value call(Text of, String name, Arguments arguments) {
        MarkedText text = of.marked();
        int line = arguments.line();
        return switch (name) {
            case "strip" -> strip(text, true, true, arguments);
            case "lstrip" -> strip(text, true, false, arguments);
            case "rstrip" -> strip(text, false, true, arguments);
            case "lower" -> new Text(texts.lower(text, arguments.atMost(0).line()));
            case "upper" -> new Text(texts.upper(text, arguments.atMost(0).line()));
            case "title" ->
                new Text(texts.title(text, false, arguments.atMost(0).line()));
            case "capitalize" ->
                new Text(texts.capitalize(text, arguments.atMost(0).line()));
            case "startswith" ->
                Bool.of(texts.startsWith(text, arguments.atMost(1).requireText(0), line));
            case "endswith" -> Bool.of(texts.endsWith(text, arguments.atMost(1).requireText(0), line));
            case "replace" -> {
                MarkedText old = arguments.atMost(2).requireText(0);
                if (old.length() == 0) {
                    throw arguments.error("cannot replace an empty string");
                }
                yield new Text(texts.replace(text, old, arguments.requireText(1), line));
            }
            case "split" -> split(text, arguments.atMost(2));
            default -> throw arguments.error("is not supported");
        };
    }

    private Value strip(MarkedText text, boolean atStart, boolean atEnd, Arguments arguments) {
        Optional<MarkedText> chars = arguments
                .atMost(1)
                .find(0)
                .filter(value -> !(value instanceof None))
                .map(arguments::textOf);
        return new Text(texts.strip(text, chars, atStart, atEnd, arguments.line()));
    }

    private Value split(MarkedText text, Arguments arguments) {
        Optional<Value> separator = arguments.find(0).filter(value -> !(value instanceof None));
        Optional<Value> most = arguments.find(1);
        if (separator.isEmpty()) {
            if (most.isPresent()) {
                throw arguments.error("at white space supports no limit");
            }
            return new Sequence(texts.splitWords(text, arguments.line()));
        }
        MarkedText at = arguments.textOf(separator.get());
        if (at.length() == 0) {
            throw arguments.error("needs a separator that is not empty");
        }
        return new Sequence(texts.split(text, at, most.map(arguments::intOf).orElse(-1L), arguments.line()));
    }

    Value call(Mapping of, String name, Arguments arguments) {
        return switch (name) {
            case "items" -> filters.items(of, arguments.atMost(0));
            case "keys" -> new Sequence(filters.elements(of, arguments.atMost(0)));
            case "values" -> filters.values(of, arguments.atMost(0));
            case "get" -> {
                String key = texts.name(arguments.atMost(2).requireText(0), arguments.line());
                yield of.fields().getOrDefault(key, arguments.find(1).orElse(None.NONE));
            }
            default -> throw arguments.error("is not supported");
        };
    }
}
