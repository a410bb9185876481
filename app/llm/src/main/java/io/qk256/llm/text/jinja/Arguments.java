package io.qk256.llm.text.jinja;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The values that a filter, test, method or function is called with. */
record Arguments(String of, int line, List<Value> positional, Map<String, Value> named) {

    /** Refuses more arguments than are read: they would be ignored. */
    Arguments atMost(int count, String... names) {
        if (positional.size() > count) {
            throw error("takes at most " + count + " arguments without a name");
        }
        Set<String> known = new HashSet<>(List.of(names));
        for (String name : named.keySet()) {
            if (!known.contains(name)) {
                throw error("has no argument \"" + name + "\" here");
            }
        }
        return this;
    }

    Optional<Value> find(int index) {
        return index < positional.size() ? Optional.of(positional.get(index)) : Optional.empty();
    }

    Optional<Value> find(int index, String name) {
        return find(index).or(() -> Optional.ofNullable(named.get(name)));
    }

    Value require(int index) {
        return find(index).orElseThrow(() -> error("needs " + (index + 1) + " arguments"));
    }

    MarkedText requireText(int index) {
        return textOf(require(index));
    }

    MarkedText textOf(Value value) {
        if (value instanceof Value.Text text) {
            return text.marked();
        }
        throw error("needs a string, not " + value.kind());
    }

    long intOf(Value value) {
        if (value instanceof Value.Int number) {
            return number.value();
        }
        throw error("needs a number, not " + value.kind());
    }

    JinjaException error(String message) {
        return JinjaException.at(line, of + " " + message);
    }
}
