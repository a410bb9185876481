/** The command line: detects the CPU, shows and selects kernels, and checks them on real weights. */
module io.qk256.app {
    requires com.github.oshi.common;
    requires com.google.gson;
    requires info.picocli;
    requires java.net.http;
    requires jdk.unsupported;
    requires io.qk256.llm;
    requires io.qk256.server;
    requires transitive io.qk256.spi;
    requires static org.jspecify;

    exports io.qk256.app.cpu;

    opens io.qk256.app.commands to
            info.picocli;
}
