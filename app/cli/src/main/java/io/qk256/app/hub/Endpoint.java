package io.qk256.app.hub;

import io.qk256.spi.support.PrintableText;
import io.qk256.spi.support.UserError;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The hub's server, and whom it may send us to.
 *
 * @param address with a scheme and an authority; it may have a path that all others begin with
 * @param token the user's secret for this server and no other
 * @param plainLoopback whether http is allowed on this machine, for tests
 */
record Endpoint(URI address, Optional<String> token, boolean plainLoopback) {

    /** Set to {@code true}, it allows http to servers on this machine. */
    static final String PLAIN_LOOPBACK = "qk256.hub.plainLoopback";

    private static final String USUAL = "https://huggingface.co";
    private static final Set<String> LOOPBACK = Set.of("127.0.0.1", "localhost", "[::1]");
    private static final Set<String> YES = Set.of("1", "ON", "YES", "TRUE");

    /**
     * The server that the environment names, by the rules of {@code huggingface_hub}: {@code HF_ENDPOINT}, else the public
     * one; {@code HF_TOKEN} is the user's secret.
     *
     * @param environment reads a variable
     * @param properties reads a system property
     * @throws UserError if a variable has no usable value, or {@code HF_HUB_OFFLINE} forbids to ask
     */
    static Endpoint of(Function<String, Optional<String>> environment, Function<String, Optional<String>> properties) {
        for (String variable : new String[] {"HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"}) {
            if (environment
                    .apply(variable)
                    .filter(value -> YES.contains(value.toUpperCase(Locale.ROOT)))
                    .isPresent()) {
                throw new UserError(variable + " is set, which forbids to download; unset it");
            }
        }
        String text = environment.apply("HF_ENDPOINT").orElse(USUAL);
        Optional<String> token = environment.apply("HF_TOKEN").map(String::strip);
        if (token.isPresent() && !token.get().chars().allMatch(c -> c > ' ' && c < 0x7F)) {
            throw new UserError("HF_TOKEN: holds characters that no token has (spaces, or letters outside of ASCII)");
        }
        boolean plain = properties.apply(PLAIN_LOOPBACK).equals(Optional.of("true"));
        try {
            Endpoint endpoint = new Endpoint(new URI(text.replaceFirst("/+$", "")), token, plain);
            if (endpoint.isAllowed(endpoint.address)) {
                return endpoint;
            }
        } catch (URISyntaxException e) {
            throw new UserError("HF_ENDPOINT=" + text + ": is no address of a server", e);
        }
        throw new UserError("HF_ENDPOINT=" + text + ": expected an address such as " + USUAL + ", with https");
    }

    /** Whether we talk to this server: encrypted, or on this machine if that is allowed. */
    boolean isAllowed(URI uri) {
        @Nullable String host = uri.getHost();
        if (host == null || uri.getRawUserInfo() != null) {
            return false;
        }
        boolean plain = plainLoopback && LOOPBACK.contains(host.toLowerCase(Locale.ROOT));
        return "https".equalsIgnoreCase(uri.getScheme()) || (plain && "http".equalsIgnoreCase(uri.getScheme()));
    }

    /** Whether this is the hub's own server, the only one that may see the token. */
    boolean isOwn(URI uri) {
        return origin(uri).equals(origin(address));
    }

    /** Scheme, host and port: enough to tell servers apart, and without the secrets that a link may hold. */
    static String origin(URI uri) {
        String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
        int usual = scheme.equals("https") ? 443 : 80;
        boolean plain = uri.getPort() < 0 || uri.getPort() == usual;
        return scheme + "://" + String.valueOf(uri.getHost()).toLowerCase(Locale.ROOT)
                + (plain ? "" : ":" + uri.getPort());
    }

    /**
     * Where a server sends us.
     *
     * @param location the header of the answer
     * @throws IOException if we do not go there
     */
    URI follow(URI from, String location) throws IOException {
        URI to;
        try {
            to = from.resolve(new URI(location));
        } catch (URISyntaxException | IllegalArgumentException e) {
            throw new IOException(origin(from) + " redirects to what is no address", e);
        }
        if (!isAllowed(to)) {
            throw new IOException(PrintableText.line(origin(from) + " redirects to " + origin(to))
                    + ", expected an address with https; nothing was sent there");
        }
        return to;
    }

    /** The address of the list of files of a repository. */
    URI listing(HubName name) {
        return resolve("/api/models/" + name.repository() + "/revision/main", "blobs=true");
    }

    /** The address of a file in a commit. */
    URI file(HubName name, String commit, HubFile file) {
        return resolve("/" + name.repository() + "/resolve/" + commit + "/" + file.path(), null);
    }

    private URI resolve(String path, @Nullable String query) {
        try {
            String base = Objects.requireNonNullElse(address.getPath(), "");
            URI uri = new URI(address.getScheme(), address.getAuthority(), base + path, query, null);
            return URI.create(uri.toASCIIString());
        } catch (URISyntaxException e) {
            throw new IllegalStateException("an absolute path makes an address", e);
        }
    }
}
