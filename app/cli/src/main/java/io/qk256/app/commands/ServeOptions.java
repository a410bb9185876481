package io.qk256.app.commands;

import io.qk256.server.ServerOptions;
import io.qk256.spi.support.Environment;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where a server listens, and who may use it. */
final class ServeOptions {

    /** Other users of the machine can see the arguments of a program, but not its environment. */
    private static final String KEY_VARIABLE = "QK256_API_KEY";

    @Option(
            names = "--host",
            paramLabel = "HOST",
            description = "Address to listen on. One that others can reach needs a key. Default: ${DEFAULT-VALUE}.")
    private String host = "127.0.0.1";

    @Option(
            names = "--port",
            paramLabel = "N",
            description = "Port to listen on; 0 for any free one. Default: ${DEFAULT-VALUE}.")
    private int port = ServerOptions.DEFAULT_PORT;

    @Option(
            names = "--api-key",
            paramLabel = "KEY",
            description = "What clients must send: 16 characters or more. Better set it in " + KEY_VARIABLE
                    + ": other users can see arguments.")
    private @Nullable String key;

    @Option(
            names = "--allowed-host",
            paramLabel = "NAME",
            split = ",",
            description =
                    "A name by which clients may call this server, beside addresses and localhost; may be repeated.")
    private List<String> hosts = List.of();

    @Option(
            names = "--cors-origin",
            paramLabel = "ORIGIN",
            split = ",",
            description =
                    "A web page's origin, such as http://localhost:3000, that may use this server; may be repeated. * is"
                            + " every page, and needs a key.")
    private List<String> origins = List.of();

    ServeOptions() {}

    /** @throws io.qk256.spi.support.UserError if a value is out of range */
    ServerOptions options() {
        Optional<String> secret = Optional.ofNullable(key).or(() -> Environment.variable(KEY_VARIABLE));
        return new ServerOptions(host, port, secret, hosts, origins);
    }
}
