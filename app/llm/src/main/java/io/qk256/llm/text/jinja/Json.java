package io.qk256.llm.text.jinja;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Values as JSON, in the form of Python's {@code json.dumps} with {@code ensure_ascii=False}. */
final class Json {

    private final Budget budget;
    private final int line;

    /** Spaces a level; negative: all on one line. */
    private final int indent;

    private final boolean sortsKeys;
    private final MarkedText.Builder out = new MarkedText.Builder();

    Json(Budget budget, int line, int indent, boolean sortsKeys) {
        this.budget = budget;
        this.line = line;
        this.indent = indent;
        this.sortsKeys = sortsKeys;
    }

    MarkedText write(Value value) {
        write(value, 1);
        return out.build();
    }

    private void write(Value value, int level) {
        budget.step(line);
        switch (value) {
            case Value.Text text -> write(text.marked());
            case Value.Int number -> append(Long.toString(number.value()));
            case Value.Real number -> append(number.written());
            case Value.Bool bool -> append(bool.isTrue() ? "true" : "false");
            case Value.None none -> append("null");
            case Value.Sequence list -> {
                List<Runnable> parts = new ArrayList<>();
                list.elements().forEach(element -> parts.add(() -> write(element, level + 1)));
                write("[", parts, "]", level);
            }
            case Value.Mapping map -> {
                List<Runnable> parts = new ArrayList<>();
                Map<String, Value> fields = sortsKeys ? new TreeMap<>(map.fields()) : map.fields();
                fields.forEach((key, field) -> parts.add(() -> {
                    write(MarkedText.ofMessage(key));
                    append(": ");
                    write(field, level + 1);
                }));
                write("{", parts, "}", level);
            }
            default -> throw JinjaException.at(line, "filter \"tojson\" cannot write " + value.kind());
        }
    }

    private void write(String open, List<Runnable> parts, String close, int level) {
        budget.enter(line);
        append(open);
        for (Iterator<Runnable> i = parts.iterator(); i.hasNext(); ) {
            newLine(level);
            i.next().run();
            if (i.hasNext()) {
                append(indent < 0 ? ", " : ",");
            }
        }
        if (!parts.isEmpty()) {
            newLine(level - 1);
        }
        append(close);
        budget.leave();
    }

    private void newLine(int level) {
        if (indent >= 0) {
            append("\n" + " ".repeat(indent * level));
        }
    }

    private void write(MarkedText text) {
        append("\"");
        for (MarkedText.Piece piece : text.pieces()) {
            StringBuilder escaped = new StringBuilder();
            budget.characters(piece.text().length(), line);
            piece.text().chars().forEach(c -> escape((char) c, escaped));
            append(escaped.toString(), piece.isMessage());
        }
        append("\"");
    }

    private static void escape(char c, StringBuilder out) {
        switch (c) {
            case '"' -> out.append("\\\"");
            case '\\' -> out.append("\\\\");
            case '\n' -> out.append("\\n");
            case '\r' -> out.append("\\r");
            case '\t' -> out.append("\\t");
            case '\b' -> out.append("\\b");
            case '\f' -> out.append("\\f");
            default -> {
                if (c < ' ') {
                    out.append(c < 16 ? "\\u000" : "\\u00").append(Integer.toHexString(c));
                } else {
                    out.append(c);
                }
            }
        }
    }

    private void append(String text) {
        append(text, false);
    }

    private void append(String text, boolean isMessage) {
        budget.characters(text.length(), line);
        out.append(text, isMessage);
    }
}
