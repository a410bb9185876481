package io.qk256.server.http;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.util.HostPort;

/**
 * Keeps out the pages of other web sites, which can reach any port of the machine of whoever opens them, and clients without the
 * key. Immutable and thread-safe.
 *
 * <p>The name in {@code Host} must be one that nobody else can point here: an address, {@code localhost}, or a name that the user
 * has allowed. Otherwise a site could point its own name at this machine and be of the same origin. The page in {@code Origin} must
 * be of this server or allowed by the user.
 */
public final class Guard {

    private static final String ANY = "*";
    private static final String BEARER = "bearer ";

    private final List<String> hosts;
    private final List<String> origins;
    private final Optional<byte[]> key;

    /**
     * Creates a guard.
     *
     * @param hosts names by which clients may call this server
     * @param origins origins of other pages that may, such as {@code http://localhost:3000}; {@code *} for all
     * @param key what clients must know
     */
    public Guard(List<String> hosts, List<String> origins, Optional<String> key) {
        this.hosts = hosts.stream().map(name -> name.toLowerCase(Locale.ROOT)).toList();
        this.origins = List.copyOf(origins);
        this.key = key.map(Guard::hash);
    }

    /**
     * Checks where a request comes from. Permits the page that sent it to read the answer if it is an allowed one.
     *
     * @return whether it is only a browser's question if the page may send a request
     */
    boolean isPreflight(Exchange exchange) {
        requireHost(exchange);
        Optional<String> origin = exchange.header(HttpHeader.ORIGIN);
        if (!origins.isEmpty()) {
            exchange.put(HttpHeader.VARY, "Origin");
        }
        if (origin.isEmpty()) {
            return false;
        }
        boolean own = isOwn(origin.get(), exchange);
        if (!own && !origins.contains(origin.get()) && !origins.contains(ANY)) {
            throw ApiException.forbidden(
                    "origin_not_allowed",
                    "the page of " + shown(origin.get())
                            + " may not use this server; to allow it, start the server with"
                            + " --cors-origin and its origin");
        }
        boolean asks = exchange.method().equals("OPTIONS");
        if (!own) {
            exchange.put(HttpHeader.ACCESS_CONTROL_ALLOW_ORIGIN, origin.get());
            if (asks) {
                exchange.put(HttpHeader.ACCESS_CONTROL_ALLOW_METHODS, "GET, POST");
                exchange.put(HttpHeader.ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type");
                exchange.put(HttpHeader.ACCESS_CONTROL_MAX_AGE, "600");
            }
        }
        return asks && !own;
    }

    private void requireHost(Exchange exchange) {
        List<String> values = exchange.headers().getValuesList(HttpHeader.HOST);
        String name = values.size() == 1 ? name(values.getFirst()) : "";
        if (!name.equals("localhost") && !isAddress(name) && !hosts.contains(name)) {
            throw ApiException.refused(
                    421,
                    null,
                    "host_not_allowed",
                    "the header Host names " + shown(String.join(", ", values))
                            + ", expected an address, localhost, or a name that the server was started with"
                            + " (--allowed-host)");
        }
    }

    private static String name(String host) {
        try {
            return new HostPort(host).getHost().toLowerCase(Locale.ROOT);
        } catch (IllegalArgumentException e) {
            return "";
        }
    }

    /** Whether it is an address, which is never looked up, so no other site can have it. */
    private static boolean isAddress(String name) {
        return name.startsWith("[") || name.matches("\\d{1,3}(\\.\\d{1,3}){3}");
    }

    private static boolean isOwn(String origin, Exchange exchange) {
        String host = exchange.header(HttpHeader.HOST).orElse("");
        return origin.equalsIgnoreCase("http://" + host) || origin.equalsIgnoreCase("https://" + host);
    }

    /** Checks the key, in a time that does not depend on how much of it is right. */
    void requireKey(Exchange exchange) {
        if (key.isEmpty()) {
            return;
        }
        String header = exchange.header(HttpHeader.AUTHORIZATION).orElse("");
        if (!header.toLowerCase(Locale.ROOT).startsWith(BEARER)) {
            exchange.put(HttpHeader.WWW_AUTHENTICATE, "Bearer");
            throw ApiException.unauthorized("the key is missing; send the header 'Authorization: Bearer KEY'");
        }
        if (!MessageDigest.isEqual(hash(header.substring(BEARER.length()).strip()), key.get())) {
            exchange.put(HttpHeader.WWW_AUTHENTICATE, "Bearer");
            throw ApiException.unauthorized("the key is wrong; send the one that the server was started with");
        }
    }

    /** Hashes have one length, so comparing them does not tell the key's length either. */
    private static byte[] hash(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // Every JDK has it.
        }
    }

    private static String shown(String value) {
        String printable = value.replaceAll("[^\\x21-\\x7e]", "?");
        return printable.length() > 100 ? printable.substring(0, 100) + "..." : printable;
    }
}
