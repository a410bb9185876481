/** The compatibility kit: decides what counts as a kernel. */
module io.qk256.tck {
    requires transitive io.qk256.spi;
    requires transitive org.junit.jupiter.api;
    requires org.assertj.core;
    requires org.junit.jupiter.params;
    requires static org.jspecify;

    exports io.qk256.tck;
}
