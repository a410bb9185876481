package io.qk256.app.bench;

import java.util.Locale;

/** Numbers for people, with three significant digits. */
public final class Numbers {

    private static final double HUNDRED = 100;
    private static final double TEN = 10;

    private Numbers() {}

    /** A number, or a dash if it is unknown. */
    public static String of(double value) {
        if (Double.isNaN(value)) {
            return "-";
        }
        double size = Math.abs(value);
        return String.format(Locale.ROOT, size >= HUNDRED ? "%.0f" : size >= TEN ? "%.1f" : "%.2f", value);
    }

    /** A time in the unit that fits. */
    public static String time(double nanoseconds) {
        if (nanoseconds >= 1e6) {
            return of(nanoseconds / 1e6) + " ms";
        }
        return nanoseconds >= 1e3 ? of(nanoseconds / 1e3) + " us" : of(nanoseconds) + " ns";
    }

    /** A fraction as a percentage, with its sign. */
    public static String change(double part) {
        return String.format(Locale.ROOT, "%+.1f %%", part * HUNDRED);
    }

    /** A fraction as a percentage. */
    public static String percent(double part) {
        return Double.isNaN(part) ? "?" : String.format(Locale.ROOT, "%.1f %%", part * HUNDRED);
    }
}
