package io.qk256.server;

import io.qk256.spi.support.UserError;
import java.util.List;
import java.util.Optional;

/**
 * Where a server listens, and who may use it.
 *
 * @param host the address or name of the interface to listen on
 * @param port 0 for any free port
 * @param apiKey what clients must know; needed unless the host is a loopback address
 * @param hosts names by which clients may call the server, beside addresses and {@code localhost}
 * @param origins origins of web pages that may use the server, beside its own page; {@code *} for all
 */
public record ServerOptions(String host, int port, Optional<String> apiKey, List<String> hosts, List<String> origins) {

    /** The port that is used if none is named. */
    public static final int DEFAULT_PORT = 8080;

    /** A key that can be guessed protects nothing. */
    private static final int SHORTEST_KEY = 16;

    private static final int HIGHEST_PORT = 65535;

    /** @throws UserError if a value is out of range, or everybody in the network could use the server */
    public ServerOptions {
        hosts = List.copyOf(hosts);
        origins = List.copyOf(origins);
        if (port < 0 || port > HIGHEST_PORT) {
            throw new UserError("port: " + port + ", expected 1 to " + HIGHEST_PORT + ", or 0 for any free one");
        }
        apiKey.ifPresent(ServerOptions::requireKey);
        for (String origin : origins) {
            requireOrigin(origin);
        }
        if (apiKey.isEmpty() && origins.contains("*")) {
            throw new UserError("origin *: every web page could use this server; name the origins, or set a key");
        }
    }

    /** Loopback, the usual port, no key, no other pages. */
    public static ServerOptions usual() {
        return new ServerOptions("127.0.0.1", DEFAULT_PORT, Optional.empty(), List.of(), List.of());
    }

    /** The same with another port. */
    public ServerOptions withPort(int other) {
        return new ServerOptions(host, other, apiKey, hosts, origins);
    }

    private static void requireKey(String key) {
        if (key.length() < SHORTEST_KEY || !key.chars().allMatch(c -> c > ' ' && c < 127)) {
            throw new UserError("the API key has " + key.length() + " characters, expected " + SHORTEST_KEY
                    + " or more, all of them printable ASCII without spaces; make one with 'openssl rand -hex 16'");
        }
    }

    private static void requireOrigin(String origin) {
        if (!origin.equals("*") && !origin.matches("https?://[^/\\s]+")) {
            throw new UserError("origin " + origin + ", expected the form http://HOST[:PORT] without a path, or *");
        }
    }
}
