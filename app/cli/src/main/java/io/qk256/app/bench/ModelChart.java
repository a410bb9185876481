package io.qk256.app.bench;

import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * Draws the speed of a model as SVG: bars for decoding, with a line at the speed that reading the weights allows if that is on
 * the scale, and bars for prompts. Readable on light and dark pages.
 */
public final class ModelChart {

    private static final int WIDTH = 760;
    private static final int BARS_X = 250;
    private static final int BARS_LENGTH = 420;
    private static final int STEP = 20;
    private static final int BAR = 14;
    private static final int MARGIN = 12;

    private static final String STYLE = """
            <style>
              text { font: 12px system-ui, sans-serif; fill: #24292f; }
              .title { font-weight: 600; }
              .end { text-anchor: end; }
              .limit { stroke: #cf222e; stroke-width: 2; }
              @media (prefers-color-scheme: dark) {
                text { fill: #e6edf3; }
                .limit { stroke: #ff7b72; }
              }
            </style>
            """;

    private final StringBuilder body = new StringBuilder();
    private int y = MARGIN + STEP;

    private ModelChart() {}

    /**
     * Returns the SVG.
     *
     * @param title what was measured
     * @param rows one or more
     */
    public static String svg(String title, List<ModelRow> rows) {
        return new ModelChart().draw(title, rows);
    }

    private String draw(String title, List<ModelRow> rows) {
        text(MARGIN, MARGIN + 6, "title", title);
        group(
                "decoding, tokens/s (line: what reading the weights allows)",
                rows,
                ModelRow::decodeRate,
                "#0072b2",
                true);
        group("prompt of " + ModelBench.PROMPT + ", tokens/s", rows, ModelRow::promptRate, "#009e73", false);
        return String.format(
                        Locale.ROOT,
                        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\""
                                + " role=\"img\" aria-label=\"Speed of a model\">%n",
                        WIDTH,
                        y,
                        WIDTH,
                        y)
                + STYLE + body + "</svg>\n";
    }

    private void group(
            String name, List<ModelRow> rows, ToDoubleFunction<ModelRow> rate, String color, boolean limited) {
        text(MARGIN, y + BAR, "title", name);
        y += STEP + 2;
        double fastest = rows.stream().mapToDouble(rate).max().orElseThrow();
        for (ModelRow row : rows) {
            double value = rate.applyAsDouble(row);
            String threads = row.threads() == 1 ? ", 1 thread" : ", " + row.threads() + " threads";
            text(MARGIN, y + BAR - 3, "", row.kernel() + threads + ", head " + row.head());
            body.append(String.format(
                    Locale.ROOT,
                    "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\" fill=\"%s\"/>%n",
                    BARS_X,
                    y,
                    Math.max(1, BARS_LENGTH * value / fastest),
                    BAR,
                    color));
            double limit = BARS_LENGTH * row.reading().rate() / row.bytesPerToken() / fastest;
            if (limited && limit <= WIDTH - MARGIN - BARS_X) {
                body.append(String.format(
                        Locale.ROOT,
                        "<line class=\"limit\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>%n",
                        BARS_X + limit,
                        y - 2,
                        BARS_X + limit,
                        y + BAR + 2));
            }
            text(BARS_X - 8, y + BAR - 3, "end", Numbers.of(value));
            y += STEP;
        }
        y += MARGIN;
    }

    private void text(int x, int baseline, String style, String text) {
        String escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
        body.append(String.format(
                Locale.ROOT, "<text class=\"%s\" x=\"%d\" y=\"%d\">%s</text>%n", style, x, baseline, escaped));
    }
}
