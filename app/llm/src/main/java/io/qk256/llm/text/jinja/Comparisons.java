package io.qk256.llm.text.jinja;

import io.qk256.llm.text.jinja.Value.Bool;
import io.qk256.llm.text.jinja.Value.Int;
import io.qk256.llm.text.jinja.Value.Mapping;
import io.qk256.llm.text.jinja.Value.Sequence;
import io.qk256.llm.text.jinja.Value.Text;
import io.qk256.llm.text.jinja.Value.Undefined;
import java.util.Iterator;
import java.util.Map;

/** {@code ==}, {@code <} and {@code in}, as in Python. */
final class Comparisons {

    private final Budget budget;
    private final Texts texts;

    Comparisons(Budget budget, Texts texts) {
        this.budget = budget;
        this.texts = texts;
    }

    boolean compare(String operator, Value left, Value right, int line) {
        return switch (operator) {
            case "==" -> equal(left, right, line);
            case "!=" -> !equal(left, right, line);
            case "in" -> isIn(left, right, line);
            case "not in" -> !isIn(left, right, line);
            case "<" -> order(operator, left, right, line) < 0;
            case "<=" -> order(operator, left, right, line) <= 0;
            case ">" -> order(operator, left, right, line) > 0;
            case ">=" -> order(operator, left, right, line) >= 0;
            default -> throw JinjaException.at(line, "the operator \"" + operator + "\" is not supported");
        };
    }

    boolean equal(Value left, Value right, int line) {
        budget.step(line);
        if (left instanceof Text a && right instanceof Text b) {
            budget.steps(Math.min(a.marked().length(), b.marked().length()) >> 6, line);
            return a.text().equals(b.text());
        }
        if (left instanceof Sequence a && right instanceof Sequence b) {
            return equal(a.elements().iterator(), b.elements().iterator(), line);
        }
        if (left instanceof Mapping a && right instanceof Mapping b) {
            return equal(a.fields(), b.fields(), line);
        }
        if (left instanceof Undefined && right instanceof Undefined) {
            return true;
        }
        if (isNumber(left) && isNumber(right)) {
            return number(left) == number(right);
        }
        return left instanceof Value.None && right instanceof Value.None;
    }

    private boolean equal(Iterator<Value> left, Iterator<Value> right, int line) {
        budget.enter(line);
        boolean equal = true;
        while (equal && left.hasNext() && right.hasNext()) {
            equal = equal(left.next(), right.next(), line);
        }
        budget.leave();
        return equal && !left.hasNext() && !right.hasNext();
    }

    private boolean equal(Map<String, Value> left, Map<String, Value> right, int line) {
        for (String name : left.keySet()) {
            budget.step(line);
            budget.read(name.length(), line);
        }
        if (!left.keySet().equals(right.keySet())) {
            return false;
        }
        budget.enter(line);
        boolean equal = true;
        for (Map.Entry<String, Value> field : left.entrySet()) {
            equal = equal && equal(field.getValue(), right.getOrDefault(field.getKey(), Value.None.NONE), line);
        }
        budget.leave();
        return equal;
    }

    boolean isIn(Value element, Value container, int line) {
        if (container instanceof Text text && element instanceof Text part) {
            return texts.contains(text.marked(), part.marked(), line);
        }
        return switch (container) {
            case Sequence sequence -> {
                // Ends where it is found: only comparisons count as work, not going over the rest.
                Iterator<Value> candidates = sequence.elements().iterator();
                boolean found = false;
                while (!found && candidates.hasNext()) {
                    found = equal(element, candidates.next(), line);
                }
                yield found;
            }
            case Mapping mapping ->
                element instanceof Text key && mapping.fields().containsKey(texts.name(key.marked(), line));
            case Undefined missing -> false;
            default -> throw JinjaException.at(line, "\"in\" looks for " + element.kind() + " in " + container.kind());
        };
    }

    private int order(String operator, Value left, Value right, int line) {
        budget.step(line);
        if (left instanceof Text a && right instanceof Text b) {
            budget.steps(Math.min(a.marked().length(), b.marked().length()) >> 6, line);
            return a.text().compareTo(b.text());
        }
        if (isNumber(left) && isNumber(right)) {
            return Long.compare(number(left), number(right));
        }
        throw JinjaException.at(line, "\"" + operator + "\" compares " + left.kind() + " with " + right.kind());
    }

    /** Python's booleans are numbers too. */
    private static boolean isNumber(Value value) {
        return value instanceof Int || value instanceof Bool;
    }

    private static long number(Value value) {
        if (value instanceof Int number) {
            return number.value();
        }
        return value == Bool.TRUE ? 1 : 0;
    }
}
