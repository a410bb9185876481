package io.qk256.app.bench;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * Draws results as SVG: per task a group of bars, one per kernel, and the floor as a line. The length of a bar is the speed as
 * a fraction of the floor's, so that one axis serves all tasks; the numbers are G weights/s. Readable on light and dark pages.
 */
public final class BarChart {

    private static final int WIDTH = 760;
    private static final int BARS_X = 112;
    private static final int FLOOR_X = 600;
    private static final int BARS_END = 670;
    private static final int BAR = 13;
    private static final int STEP = 17;
    private static final int TITLE = 22;
    private static final int MARGIN = 12;
    private static final int GAP = 10;
    private static final int TOP = 46;
    private static final int FOOT = 24;

    /** A floor this many times as fast as the fastest kernel would make the bars too short to see. */
    private static final double OFF_SCALE = 8;

    /** The length of the longest bar if there is no floor, or it is off the scale. */
    private static final double FASTEST = 0.6;

    /** Distinguishable for the color-blind (Okabe and Ito) and on both backgrounds. */
    private static final List<String> COLORS = List.of("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9");

    private static final String STYLE = """
            <style>
              text { font: 12px system-ui, sans-serif; fill: #24292f; }
              .task { font-weight: 600; }
              .note { fill: #57606a; }
              .middle { text-anchor: middle; }
              .end { text-anchor: end; }
              .floor { stroke: #cf222e; stroke-width: 2; stroke-dasharray: 4 3; }
              @media (prefers-color-scheme: dark) {
                text { fill: #e6edf3; }
                .note { fill: #9da7b3; }
                .floor { stroke: #ff7b72; }
              }
            </style>
            """;

    private final BenchResults results;
    private final List<BenchTask> tasks;
    private final List<String> kernels;
    private final StringBuilder body = new StringBuilder();
    private int y = TOP;

    private BarChart(BenchResults results) {
        this.results = results;
        tasks = results.rows().stream().map(BenchRow::task).distinct().toList();
        kernels = results.rows().stream().map(BenchRow::kernel).distinct().toList();
    }

    /** Returns the SVG. */
    public static String svg(BenchResults results) {
        return new BarChart(results).draw();
    }

    private String draw() {
        text(MARGIN, 18, "task", "Speed of each kernel, as a fraction of what the machine can do");
        text(
                MARGIN,
                34,
                "note",
                "longer is faster; dashed: the floor, which is filling the output or reading the weights");
        text(WIDTH - MARGIN, 34, "note end", "G weights/s");
        tasks.forEach(this::group);
        text(MARGIN, y + 14, "note", results.machine().get("name").getAsString());
        int height = y + FOOT;
        return String.format(
                        Locale.ROOT,
                        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\""
                                + " role=\"img\" aria-label=\"Speed of each kernel at each task\">%n",
                        WIDTH,
                        height,
                        WIDTH,
                        height)
                + STYLE + body + "</svg>\n";
    }

    private void group(BenchTask task) {
        List<BenchRow> rows =
                results.rows().stream().filter(row -> row.task().equals(task)).toList();
        BenchRow fastest = rows.stream()
                .max(Comparator.comparingDouble(BenchRow::weightsPerSecond))
                .orElseThrow();
        boolean inSight = fastest.timesFloor() <= OFF_SCALE;
        // The fastest kernel's speed as a fraction of the floor's.
        double part = inSight ? 1 / fastest.timesFloor() : FASTEST;
        text(MARGIN, y + 14, "task", task.toString());
        results.floor(task).ifPresent(floor -> floorNote(floor, fastest, inSight));
        int first = y + TITLE;
        y = first;
        rows.forEach(row -> bar(row, part * row.weightsPerSecond() / fastest.weightsPerSecond()));
        if (inSight) {
            body.append(String.format(
                    Locale.ROOT,
                    "<line class=\"floor\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>%n",
                    FLOOR_X,
                    first - 4,
                    FLOOR_X,
                    y));
        }
        y += GAP;
    }

    private void floorNote(BenchFloor floor, BenchRow fastest, boolean inSight) {
        String speed = "floor " + Numbers.of(floor.bytesPerSecond() / 1e9) + " GB/s";
        if (inSight) {
            text(FLOOR_X, y + 14, "note middle", speed);
        } else {
            String times = Numbers.of(fastest.timesFloor());
            text(WIDTH - MARGIN, y + 14, "note end", speed + ", off the scale: " + times + " x the fastest");
        }
    }

    private void bar(BenchRow row, double part) {
        double length = Math.clamp(part * (FLOOR_X - BARS_X), 1, BARS_END - BARS_X);
        text(MARGIN, y + 11, "", row.kernel());
        body.append(String.format(
                Locale.ROOT,
                "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\" fill=\"%s\"/>%n",
                BARS_X,
                y,
                length,
                BAR,
                COLORS.get(kernels.indexOf(row.kernel()) % COLORS.size())));
        String speed = Numbers.of(row.weightsPerSecond() / 1e9);
        text(WIDTH - MARGIN, y + 11, "end", row.isWrong() ? "WRONG " + speed : speed);
        y += STEP;
    }

    private void text(int x, int baseline, String style, String text) {
        String escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
        body.append(String.format(
                Locale.ROOT, "<text class=\"%s\" x=\"%d\" y=\"%d\">%s</text>%n", style, x, baseline, escaped));
    }
}
