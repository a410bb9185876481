/** GGUF files, and the layouts of 2-bit weights in them. */
module io.qk256.gguf {
    requires transitive io.qk256.spi;
    requires static org.jspecify;

    exports io.qk256.gguf;
    exports io.qk256.gguf.convert;
    exports io.qk256.gguf.layout;
}
