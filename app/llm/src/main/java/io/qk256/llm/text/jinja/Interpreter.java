package io.qk256.llm.text.jinja;

import io.qk256.llm.text.jinja.Value.Bool;
import io.qk256.llm.text.jinja.Value.Int;
import io.qk256.llm.text.jinja.Value.Mapping;
import io.qk256.llm.text.jinja.Value.Namespace;
import io.qk256.llm.text.jinja.Value.None;
import io.qk256.llm.text.jinja.Value.Scope;
import io.qk256.llm.text.jinja.Value.Sequence;
import io.qk256.llm.text.jinja.Value.Text;
import io.qk256.llm.text.jinja.Value.Undefined;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Runs a template once. Not thread-safe. */
final class Interpreter {

    /** How a list of statements ends. */
    private enum Flow {
        NEXT,
        BREAK,
        CONTINUE
    }

    private final Budget budget;
    private final Optional<LocalDateTime> now;
    private final Texts texts;
    private final Comparisons comparisons;
    private final Predicates predicates;
    private final Filters filters;
    private final Methods methods;

    /** @param now what {@code strftime_now} tells; without it, templates see no such function */
    Interpreter(Budget budget, Optional<LocalDateTime> now) {
        this.budget = budget;
        this.now = now;
        this.texts = new Texts(budget);
        this.comparisons = new Comparisons(budget, texts);
        this.predicates = new Predicates(comparisons);
        this.filters = new Filters(budget, texts, predicates);
        this.methods = new Methods(texts, filters);
    }

    MarkedText run(List<Statement> statements, Map<String, Value> variables) {
        Scope functions = new Scope(Optional.empty());
        for (String name : List.of("namespace", "range", "raise_exception")) {
            functions.set(name, new Value.Function(name));
        }
        if (now.isPresent()) {
            functions.set("strftime_now", new Value.Function("strftime_now"));
        }
        Scope globals = new Scope(Optional.of(functions));
        variables.forEach(globals::set);
        MarkedText.Builder out = new MarkedText.Builder();
        run(statements, globals, out);
        return out.build();
    }

    private Flow run(List<Statement> statements, Scope scope, MarkedText.Builder out) {
        for (Statement statement : statements) {
            budget.step(statement.line());
            Flow flow = run(statement, scope, out);
            if (flow != Flow.NEXT) {
                return flow;
            }
        }
        return Flow.NEXT;
    }

    private Flow run(Statement statement, Scope scope, MarkedText.Builder out) {
        int line = statement.line();
        switch (statement) {
            case Statement.Text text -> write(MarkedText.ofTemplate(text.text()), out, line);
            case Statement.Output output -> write(Filters.text(value(output.value(), scope), line), out, line);
            case Statement.If choice -> {
                return choose(choice, scope, out);
            }
            case Statement.For loop -> loop(loop, scope, out);
            case Statement.Set set -> assign(set.targets(), value(set.value(), scope), scope, line);
            case Statement.SetAttribute set -> {
                if (!(scope.find(set.namespace()) instanceof Namespace namespace)) {
                    throw JinjaException.at(
                            line,
                            "set \"" + set.namespace() + "." + set.name() + "\" needs a namespace, not "
                                    + scope.find(set.namespace()).kind());
                }
                namespace.fields().put(set.name(), value(set.value(), scope));
            }
            case Statement.SetBlock set -> scope.set(set.target(), new Text(inside(set.body(), scope, line)));
            case Statement.MacroDefinition macro -> scope.set(macro.name(), new Value.Macro(macro, scope));
            case Statement.Block block -> {
                return nested(block.body(), scope, out, line);
            }
            case Statement.Break end -> {
                return Flow.BREAK;
            }
            case Statement.Continue next -> {
                return Flow.CONTINUE;
            }
        }
        return Flow.NEXT;
    }

    private void write(MarkedText text, MarkedText.Builder out, int line) {
        budget.characters(text.length(), line);
        out.append(text);
    }

    private Flow nested(List<Statement> body, Scope scope, MarkedText.Builder out, int line) {
        budget.enter(line);
        Flow flow = run(body, scope, out);
        budget.leave();
        return flow;
    }

    private MarkedText inside(List<Statement> body, Scope scope, int line) {
        MarkedText.Builder out = new MarkedText.Builder();
        nested(body, new Scope(Optional.of(scope)), out, line);
        return out.build();
    }

    private Flow choose(Statement.If choice, Scope scope, MarkedText.Builder out) {
        for (Statement.Branch branch : choice.branches()) {
            if (value(branch.condition(), scope).isTrue()) {
                return nested(branch.body(), scope, out, choice.line());
            }
        }
        return nested(choice.otherwise(), scope, out, choice.line());
    }

    private void loop(Statement.For loop, Scope scope, MarkedText.Builder out) {
        int line = loop.line();
        Arguments nothing = new Arguments("\"for\"", line, List.of(), Map.of());
        List<Value> elements = filters.elements(value(loop.iterable(), scope), nothing);
        if (loop.filter().isPresent()) {
            List<Value> kept = new ArrayList<>();
            for (Value element : elements) {
                Scope inner = new Scope(Optional.of(scope));
                assign(loop.targets(), element, inner, line);
                if (value(loop.filter().get(), inner).isTrue()) {
                    kept.add(element);
                }
            }
            elements = kept;
        }
        if (elements.isEmpty()) {
            nested(loop.otherwise(), new Scope(Optional.of(scope)), out, line);
        }
        for (int i = 0; i < elements.size(); i++) {
            budget.step(line);
            Scope inner = new Scope(Optional.of(scope));
            inner.set("loop", new Value.Loop(elements, i));
            assign(loop.targets(), elements.get(i), inner, line);
            if (nested(loop.body(), inner, out, line) == Flow.BREAK) {
                return;
            }
        }
    }

    private void assign(List<String> targets, Value value, Scope scope, int line) {
        budget.steps(targets.size(), line);
        if (targets.size() == 1) {
            scope.set(targets.getFirst(), value);
            return;
        }
        if (!(value instanceof Sequence list) || list.elements().size() != targets.size()) {
            throw JinjaException.at(line, "\"" + String.join(", ", targets) + "\" needs as many values");
        }
        for (int i = 0; i < targets.size(); i++) {
            scope.set(targets.get(i), list.elements().get(i));
        }
    }

    private Value value(Expression expression, Scope scope) {
        int line = expression.line();
        budget.step(line);
        budget.enter(line);
        Value value = switch (expression) {
            case Expression.Literal literal -> literal.value();
            case Expression.Name name -> {
                budget.steps(scope.depth() >> 3, line);
                yield scope.find(name.name());
            }
            case Expression.ListLiteral list -> new Sequence(values(list.elements(), scope));
            case Expression.MapLiteral map -> mapping(map, scope);
            case Expression.Attribute attribute -> field(value(attribute.of(), scope), attribute.name(), attribute);
            case Expression.Item item -> item(value(item.of(), scope), value(item.index(), scope), item);
            case Expression.Slice slice -> slice(slice, scope);
            case Expression.Call call -> call(call, scope);
            case Expression.Filter filter -> {
                Value of = value(filter.of(), scope);
                Arguments arguments = arguments("filter \"" + filter.name() + "\"", line, filter.arguments(), scope);
                yield filters.apply(filter.name(), of, arguments);
            }
            case Expression.Test test -> {
                Value of = value(test.of(), scope);
                Arguments arguments = arguments("test \"" + test.name() + "\"", line, test.arguments(), scope);
                yield Bool.of(predicates.test(test.name(), of, arguments));
            }
            case Expression.Binary binary ->
                binary(binary.operator(), value(binary.left(), scope), value(binary.right(), scope), line);
            case Expression.Comparison comparison -> compare(comparison, scope);
            case Expression.And and -> {
                Value left = value(and.left(), scope);
                yield left.isTrue() ? value(and.right(), scope) : left;
            }
            case Expression.Or or -> {
                Value left = value(or.left(), scope);
                yield left.isTrue() ? left : value(or.right(), scope);
            }
            case Expression.Not not -> Bool.of(!value(not.of(), scope).isTrue());
            case Expression.Negative negative -> {
                if (!(value(negative.of(), scope) instanceof Int number)) {
                    throw JinjaException.at(line, "a sign \"-\" needs a number");
                }
                yield new Int(-number.value());
            }
            case Expression.Conditional choice -> {
                if (value(choice.condition(), scope).isTrue()) {
                    yield value(choice.then(), scope);
                }
                yield choice.otherwise().isPresent()
                        ? value(choice.otherwise().get(), scope)
                        : new Undefined("the missing else");
            }
        };
        budget.leave();
        return value;
    }

    private List<Value> values(List<Expression> expressions, Scope scope) {
        List<Value> values = new ArrayList<>();
        for (Expression expression : expressions) {
            values.add(value(expression, scope));
        }
        return values;
    }

    private Mapping mapping(Expression.MapLiteral map, Scope scope) {
        Map<String, Value> fields = new LinkedHashMap<>();
        for (int i = 0; i < map.keys().size(); i++) {
            if (!(value(map.keys().get(i), scope) instanceof Text key)) {
                throw JinjaException.at(map.line(), "only strings are supported as keys of a dictionary");
            }
            fields.put(texts.name(key.marked(), map.line()), value(map.values().get(i), scope));
        }
        return new Mapping(fields);
    }

    private static Value field(Value of, String name, Expression at) {
        return switch (of) {
            case Mapping map -> map.fields().getOrDefault(name, new Undefined(name));
            case Namespace namespace -> namespace.fields().getOrDefault(name, new Undefined(name));
            case Value.Loop loop ->
                loop.attribute(name)
                        .orElseThrow(() -> JinjaException.at(at.line(), "\"loop." + name + "\" is not supported"));
            case Undefined undefined ->
                throw JinjaException.at(
                        at.line(), "\"" + name + "\" of \"" + undefined.name() + "\", which is undefined");
            default -> new Undefined(name);
        };
    }

    private Value item(Value of, Value index, Expression at) {
        if (index instanceof Int number) {
            return element(of, number.value(), at.line());
        }
        if (index instanceof Text name) {
            return field(of, texts.name(name.marked(), at.line()), at);
        }
        throw JinjaException.at(at.line(), "an index in brackets must be a number or a string, not " + index.kind());
    }

    private Value element(Value of, long index, int line) {
        return switch (of) {
            case Sequence list -> {
                int size = list.elements().size();
                long place = index < 0 ? index + size : index;
                yield place >= 0 && place < size ? list.elements().get((int) place) : new Undefined("element " + index);
            }
            case Text text -> {
                int length = texts.length(text.marked(), line);
                long place = index < 0 ? index + length : index;
                yield place >= 0 && place < length
                        ? new Text(texts.pick(text.marked(), new Indexes((int) place, (int) place + 1, 1), line))
                        : new Undefined("character " + index);
            }
            case Undefined undefined ->
                throw JinjaException.at(line, "an element of \"" + undefined.name() + "\", which is undefined");
            default -> new Undefined("element " + index);
        };
    }

    private Value slice(Expression.Slice slice, Scope scope) {
        int line = slice.line();
        Value of = value(slice.of(), scope);
        long from = bound(slice.from(), scope, Indexes.noBound());
        long to = bound(slice.to(), scope, Indexes.noBound());
        long step = bound(slice.step(), scope, 1);
        if (step == 0) {
            throw JinjaException.at(line, "the step of a slice is 0");
        }
        return switch (of) {
            case Text text -> {
                Indexes indexes = Indexes.of(from, to, step, texts.length(text.marked(), line));
                yield new Text(texts.pick(text.marked(), indexes, line));
            }
            case Sequence list -> {
                Indexes indexes = Indexes.of(from, to, step, list.elements().size());
                budget.steps(indexes.count(), line);
                List<Value> picked = new ArrayList<>();
                indexes.forEach(i -> picked.add(list.elements().get(i)));
                yield new Sequence(picked);
            }
            default -> throw JinjaException.at(line, "a slice of " + of.kind());
        };
    }

    private long bound(Optional<Expression> expression, Scope scope, long missing) {
        if (expression.isEmpty()) {
            return missing;
        }
        Value value = value(expression.get(), scope);
        if (value instanceof Int number) {
            return number.value();
        }
        if (value instanceof None) {
            return missing;
        }
        throw JinjaException.at(expression.get().line(), "a bound of a slice must be a number, not " + value.kind());
    }

    private Value binary(String operator, Value left, Value right, int line) {
        if (operator.equals("~")) {
            return new Text(texts.concatenate(Filters.text(left, line), Filters.text(right, line), line));
        }
        if (operator.equals("+") && left instanceof Text a && right instanceof Text b) {
            return new Text(texts.concatenate(a.marked(), b.marked(), line));
        }
        if (operator.equals("+") && left instanceof Sequence a && right instanceof Sequence b) {
            budget.steps((long) a.elements().size() + b.elements().size(), line);
            List<Value> both = new ArrayList<>(a.elements());
            both.addAll(b.elements());
            return new Sequence(both);
        }
        if (left instanceof Int a && right instanceof Int b) {
            return new Int(arithmetic(operator, a.value(), b.value(), line));
        }
        throw JinjaException.at(
                line, "the operator \"" + operator + "\" between " + left.kind() + " and " + right.kind());
    }

    private static long arithmetic(String operator, long left, long right, int line) {
        try {
            return switch (operator) {
                case "+" -> Math.addExact(left, right);
                case "-" -> Math.subtractExact(left, right);
                case "*" -> Math.multiplyExact(left, right);
                case "//" -> Math.floorDivExact(left, right);
                case "%" -> Math.floorMod(left, right);
                default -> throw JinjaException.at(line, "the operator \"" + operator + "\" is not supported");
            };
        } catch (ArithmeticException e) {
            throw JinjaException.at(line, "the operator \"" + operator + "\" overflows or divides by zero");
        }
    }

    private Value compare(Expression.Comparison comparison, Scope scope) {
        Value left = value(comparison.first(), scope);
        for (int i = 0; i < comparison.operators().size(); i++) {
            Value right = value(comparison.others().get(i), scope);
            if (!comparisons.compare(comparison.operators().get(i), left, right, comparison.line())) {
                return Bool.FALSE;
            }
            left = right;
        }
        return Bool.TRUE;
    }

    private Arguments arguments(String of, int line, Expression.ArgumentList list, Scope scope) {
        Map<String, Value> named = new LinkedHashMap<>();
        list.named().forEach((name, expression) -> named.put(name, value(expression, scope)));
        return new Arguments(of, line, values(list.positional(), scope), named);
    }

    private Value call(Expression.Call call, Scope scope) {
        int line = call.line();
        if (call.callee() instanceof Expression.Attribute method) {
            String name = method.name();
            Value of = value(method.of(), scope);
            Arguments arguments = arguments("method \"" + name + "\"", line, call.arguments(), scope);
            return switch (of) {
                case Text text -> methods.call(text, name, arguments);
                case Mapping map -> methods.call(map, name, arguments);
                default -> throw arguments.error("of " + of.kind() + " is not supported");
            };
        }
        String name = call.callee() instanceof Expression.Name callee ? callee.name() : "an expression";
        return switch (value(call.callee(), scope)) {
            case Value.Macro macro -> call(macro, arguments("macro \"" + name + "\"", line, call.arguments(), scope));
            case Value.Function function ->
                call(function.name(), arguments("function \"" + name + "\"", line, call.arguments(), scope));
            default -> throw JinjaException.at(line, "function \"" + name + "\" is not supported");
        };
    }

    private Value call(Value.Macro macro, Arguments arguments) {
        List<Statement.Parameter> parameters = macro.definition().parameters();
        budget.steps(parameters.size(), arguments.line());
        arguments.atMost(
                parameters.size(),
                parameters.stream().map(Statement.Parameter::name).toArray(String[]::new));
        Scope scope = new Scope(Optional.of(macro.scope()));
        for (int i = 0; i < parameters.size(); i++) {
            Statement.Parameter parameter = parameters.get(i);
            Optional<Value> given = arguments.find(i, parameter.name());
            if (given.isEmpty()) {
                given = parameter.defaultValue().map(missing -> value(missing, scope));
            }
            scope.set(parameter.name(), given.orElse(new Undefined(parameter.name())));
        }
        return new Text(inside(macro.definition().body(), scope, arguments.line()));
    }

    private Value call(String function, Arguments arguments) {
        return switch (function) {
            case "namespace" -> {
                if (!arguments.positional().isEmpty()) {
                    throw arguments.error("supports arguments with names only");
                }
                yield new Namespace(new LinkedHashMap<>(arguments.named()));
            }
            case "raise_exception" ->
                throw JinjaException.raised(Filters.text(arguments.atMost(1).require(0), arguments.line())
                        .text());
            case "range" -> range(arguments.atMost(3));
            default -> {
                String format = arguments.atMost(1).requireText(0).text();
                budget.steps(format.length(), arguments.line());
                budget.characters((long) Dates.MOST_GROWTH * format.length(), arguments.line());
                yield Value.ofTemplate(Dates.format(now.orElseThrow(), format, arguments));
            }
        };
    }

    private Value range(Arguments arguments) {
        long first = arguments.intOf(arguments.require(0));
        boolean hasStart = arguments.positional().size() > 1;
        long from = hasStart ? first : 0;
        long to = hasStart ? arguments.intOf(arguments.require(1)) : first;
        long step = arguments.find(2).map(arguments::intOf).orElse(1L);
        if (step == 0) {
            throw arguments.error("has a step of 0");
        }
        List<Value> numbers = new ArrayList<>();
        for (long i = from; step > 0 ? i < to : i > to; i += step) {
            budget.step(arguments.line());
            numbers.add(new Int(i));
        }
        return new Sequence(numbers);
    }
}
