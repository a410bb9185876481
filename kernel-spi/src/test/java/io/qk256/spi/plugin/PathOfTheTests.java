package io.qk256.spi.plugin;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** Tests of plugins run on the module path and on the class path; most do so only with {@code -Dqk256.tests=long}. */
final class PathOfTheTests {

    private PathOfTheTests() {}

    /** Skips what is a repetition on this path. */
    static void assumeOnTheModulePath() {
        assumeTrue(isOnTheModulePath() || isLong(), "on the class path only with -Dqk256.tests=long");
    }

    /** Skips what is a repetition on this path. */
    static void assumeOnTheClassPath() {
        assumeTrue(!isOnTheModulePath() || isLong(), "on the module path only with -Dqk256.tests=long");
    }

    static boolean isOnTheModulePath() {
        return PathOfTheTests.class.getModule().isNamed();
    }

    private static boolean isLong() {
        return !System.getProperty("qk256.tests", "usual").equals("usual");
    }
}
