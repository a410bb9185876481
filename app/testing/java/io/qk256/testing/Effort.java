package io.qk256.testing;

/** How much the tests try: {@code -Dqk256.tests} is {@code usual}, {@code long} or {@code all}; see CONTRIBUTING.md. */
public final class Effort {

    private static final String SWITCH = System.getProperty("qk256.tests", "usual");

    private Effort() {}

    /** Whether the long form of each test is asked for, as in continuous integration. */
    public static boolean isLong() {
        return SWITCH.equals("long") || isEverything();
    }

    /** Whether everything is asked for, however long it takes. */
    public static boolean isEverything() {
        return SWITCH.equals("all");
    }

    /** The number of repetitions or cases: a quarter of them, at least one, unless the long form is asked for. */
    public static int of(int times) {
        return isLong() ? times : (times + 3) / 4;
    }
}
