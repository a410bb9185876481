/** The compatibility kit (TCK), which decides what counts as a kernel. */
module io.qk256.tck {
    requires transitive io.qk256.spi;
    requires transitive org.junit.jupiter.api;
    requires java.management;
    requires org.assertj.core;
    requires org.junit.platform.engine;
    requires org.junit.platform.launcher;
    requires org.opentest4j;
    requires static org.jspecify;

    // JMH needs sun.misc.Unsafe.
    requires jdk.unsupported;
    requires jmh.core;

    exports io.qk256.tck;

    // JUnit calls the inherited tests by reflection.
    opens io.qk256.tck to
            org.junit.platform.commons;
    opens io.qk256.tck.runner to
            org.junit.platform.commons;

    // JMH calls the benchmarks, and the code generated for them, by reflection.
    opens io.qk256.tck.bench to
            jmh.core;
    opens io.qk256.tck.bench.jmh_generated to
            jmh.core;
}
