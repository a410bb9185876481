package io.qk256.llm.text.jinja;

import io.qk256.llm.text.jinja.Value.Bool;
import io.qk256.llm.text.jinja.Value.Int;
import io.qk256.llm.text.jinja.Value.Mapping;
import io.qk256.llm.text.jinja.Value.None;
import io.qk256.llm.text.jinja.Value.Sequence;
import io.qk256.llm.text.jinja.Value.Text;
import io.qk256.llm.text.jinja.Value.Undefined;

/** What stands behind {@code is}, and in {@code select}. */
final class Predicates {

    private final Comparisons comparisons;

    Predicates(Comparisons comparisons) {
        this.comparisons = comparisons;
    }

    boolean test(String name, Value value, Arguments arguments) {
        return switch (name) {
            case "defined" -> !(value instanceof Undefined);
            case "undefined" -> value instanceof Undefined;
            case "none" -> value instanceof None;
            case "string" -> value instanceof Text;
            case "mapping" -> value instanceof Mapping;
            case "number" -> value instanceof Int || value instanceof Value.Real;
            case "integer" -> value instanceof Int;
            case "float" -> value instanceof Value.Real;
            case "boolean" -> value instanceof Bool;
            case "true" -> value == Bool.TRUE;
            case "false" -> value == Bool.FALSE;
            case "iterable", "sequence" ->
                value instanceof Text
                        || value instanceof Sequence
                        || value instanceof Mapping
                        || value instanceof Undefined;
            case "callable" -> value instanceof Value.Macro || value instanceof Value.Function;
            case "odd" -> Math.floorMod(arguments.intOf(value), 2) == 1;
            case "even" -> Math.floorMod(arguments.intOf(value), 2) == 0;
            case "divisibleby" -> {
                long divisor = arguments.intOf(arguments.require(0));
                if (divisor == 0) {
                    throw arguments.error("divides by zero");
                }
                yield arguments.intOf(value) % divisor == 0;
            }
            case "equalto", "eq", "==" -> compare("==", value, arguments);
            case "ne", "!=" -> compare("!=", value, arguments);
            case "lt", "lessthan", "<" -> compare("<", value, arguments);
            case "le", "<=" -> compare("<=", value, arguments);
            case "gt", "greaterthan", ">" -> compare(">", value, arguments);
            case "ge", ">=" -> compare(">=", value, arguments);
            case "in" -> compare("in", value, arguments);
            default -> throw arguments.error("is not supported");
        };
    }

    private boolean compare(String operator, Value value, Arguments arguments) {
        return comparisons.compare(operator, value, arguments.require(0), arguments.line());
    }
}
