package io.qk256.app.bench;

import java.util.List;
import java.util.Locale;

/**
 * Draws results as SVG: for each task a group of bars, one for each kernel, and the floor as a line. Bars are as long
 * as the speed is a part of the floor's, so that one axis serves all tasks; the numbers are G weights/s. Readable on
 * light and on dark pages.
 */
public final class BarChart {

    private static final int WIDTH = 760;
    private static final int LABEL_WIDTH = 120;
    private static final int FLOOR_X = 600;
    private static final int BAR = 16;
    private static final int STEP = 20;
    private static final int TITLE = 26;
    private static final int GAP = 12;
    private static final int TOP = 44;
    private static final int FOOT = 24;

    /** Told apart also by the colour-blind (Okabe and Ito), and on both backgrounds. */
    private static final List<String> COLOURS = List.of("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9");

    private static final String STYLE = """
            <style>
              text { font: 12px system-ui, sans-serif; fill: #24292f; }
              .task { font-weight: 600; }
              .note { fill: #57606a; }
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

    /** The picture. */
    public static String svg(BenchResults results) {
        return new BarChart(results).draw();
    }

    private String draw() {
        text(GAP, 18, "task", "Speed of each kernel, as a part of what the machine can do");
        text(GAP, 34, "note", "longer is faster; dashed: filling the output, or reading the weights, at full speed");
        tasks.forEach(this::group);
        text(GAP, y + 14, "note", results.machine().get("name").getAsString());
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
        text(GAP, y + 18, "task", task.toString());
        results.floor(task).ifPresent(floor -> {
            double gigaBytes = floor.bytesPerSecond() / 1e9;
            text(FLOOR_X + 8, y + 18, "note", "floor " + Numbers.of(gigaBytes) + " GB/s");
        });
        int first = y + TITLE;
        y = first;
        for (BenchRow row : results.rows()) {
            if (row.task().equals(task)) {
                bar(row);
            }
        }
        if (results.floor(task).isPresent()) {
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

    private void bar(BenchRow row) {
        double full = FLOOR_X - LABEL_WIDTH;
        // Without a floor, the fastest kernel is as long as the floor would be.
        double part = Double.isNaN(row.timesFloor()) ? partOfFastest(row) : 1 / row.timesFloor();
        double length = Math.clamp(part * full, 1, WIDTH - LABEL_WIDTH - 80.0);
        text(GAP, y + 12, "", row.kernel());
        body.append(String.format(
                Locale.ROOT,
                "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\" fill=\"%s\"/>%n",
                LABEL_WIDTH,
                y,
                length,
                BAR,
                COLOURS.get(kernels.indexOf(row.kernel()) % COLOURS.size())));
        String speed = Numbers.of(row.weightsPerSecond() / 1e9) + " G weights/s";
        text(LABEL_WIDTH + (int) length + 6, y + 12, "", row.isWrong() ? speed + ", WRONG" : speed);
        y += STEP;
    }

    private double partOfFastest(BenchRow row) {
        double fastest = results.rows().stream()
                .filter(other -> other.task().equals(row.task()))
                .mapToDouble(BenchRow::weightsPerSecond)
                .max()
                .orElseThrow();
        return row.weightsPerSecond() / fastest;
    }

    private void text(int x, int baseline, String style, String text) {
        String escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
        body.append(String.format(
                Locale.ROOT, "<text class=\"%s\" x=\"%d\" y=\"%d\">%s</text>%n", style, x, baseline, escaped));
    }
}
