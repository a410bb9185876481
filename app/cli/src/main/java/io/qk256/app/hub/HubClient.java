package io.qk256.app.hub;

import io.qk256.spi.support.PrintableText;
import io.qk256.spi.support.UserError;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;

/**
 * Asks the hub, and the servers that it sends us to: by https, with a limited number of redirects. The token goes to the
 * hub's own server only. Texts of servers are made printable and short. Thread-safe.
 */
final class HubClient implements AutoCloseable {

    private static final int MOST_REDIRECTS = 5;
    private static final int LONGEST_MESSAGE = 300;
    private static final int LARGEST_LISTING = 64 << 20;
    private static final Duration CONNECTING = Duration.ofSeconds(30);
    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);

    private static final int OK = 200;
    private static final int PARTIAL = 206;
    private static final int UNAUTHORIZED = 401;
    private static final int FORBIDDEN = 403;
    private static final int NOT_FOUND = 404;
    private static final int TIMEOUT = 408;
    private static final int CHANGED = 412;
    private static final int BAD_RANGE = 416;
    private static final int TOO_MANY = 429;
    private static final int SERVER_FAILED = 500;

    private final Endpoint endpoint;
    private final Patience patience;
    private final HttpClient client;

    HubClient(Endpoint endpoint, Patience patience) {
        this.endpoint = endpoint;
        this.patience = patience;
        this.client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1) // One stream of bytes; HTTP/2 would only add its windows.
                .followRedirects(HttpClient.Redirect.NEVER) // We look where they lead.
                .connectTimeout(CONNECTING)
                .build();
    }

    Endpoint endpoint() {
        return endpoint;
    }

    Patience patience() {
        return patience;
    }

    /**
     * Which bytes of a file are wanted.
     *
     * @param from the first one
     * @param seen the version of the file that the bytes before it are of, as its server named it
     */
    record Wanted(long from, Optional<Version> seen) {

        static final Wanted ALL = new Wanted(0, Optional.empty());
    }

    /**
     * A version of a file on one server; another server has other names for it.
     *
     * @param origin the server
     * @param etag its name there, a strong one
     */
    record Version(String origin, String etag) {}

    /**
     * An answer with bytes: 200 with all of them, 206 with those that were wanted, or 412 and 416 if the server no longer has
     * the version that was wanted.
     *
     * @param response from the last server
     * @param linked what the hub's own server says that the bytes hash to
     */
    record Answer(HttpResponse<InputStream> response, Optional<String> linked) implements AutoCloseable {

        boolean isPartial() {
            return response.statusCode() == PARTIAL;
        }

        boolean isGone() {
            return response.statusCode() == CHANGED || response.statusCode() == BAD_RANGE;
        }

        String origin() {
            return Endpoint.origin(response.uri());
        }

        Optional<String> header(String name) {
            return response.headers().firstValue(name);
        }

        /** The version of the file that these bytes are of, if the server names it. */
        Optional<Version> version() {
            return header("ETag").filter(etag -> etag.startsWith("\"")).map(etag -> new Version(origin(), etag));
        }

        @Override
        public void close() {
            try {
                response.body().close();
            } catch (IOException e) {
                return; // The connection is of no more use, one way or the other.
            }
        }
    }

    /**
     * The list of files of a repository.
     *
     * @throws UserError if the hub does not know it, or not for this user
     * @throws PassingException if the network failed
     */
    byte[] listing(HubName name) throws IOException {
        URI uri = endpoint.listing(name);
        byte[] json;
        try (Answer answer = get(uri, name.toString(), Wanted.ALL)) {
            json = read(answer);
        }
        if (json.length > LARGEST_LISTING) {
            throw new IOException(Endpoint.origin(uri) + " sends a list of files without an end");
        }
        return json;
    }

    private byte[] read(Answer answer) throws IOException {
        InputStream body = answer.response().body();
        try (Silence silence = new Silence(body, patience.silence())) {
            byte[] bytes = body.readNBytes(LARGEST_LISTING + 1);
            silence.heard();
            return bytes;
        } catch (IOException e) {
            throw new PassingException(lost(answer.response().uri(), e), e);
        }
    }

    /**
     * Asks for bytes.
     *
     * @param what what they are of, for people
     * @throws UserError if the hub does not know it, or not for this user
     * @throws PassingException if the network failed
     */
    Answer get(URI address, String what, Wanted wanted) throws IOException {
        URI uri = address;
        Optional<String> linked = Optional.empty();
        for (int redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
            HttpResponse<InputStream> response = send(uri, wanted);
            if (endpoint.isOwn(uri)) {
                Optional<String> said = response.headers().firstValue("X-Linked-ETag");
                linked = said.isPresent() ? said : linked;
            }
            if (!REDIRECTS.contains(response.statusCode())) {
                return accepted(new Answer(response, linked), what);
            }
            response.body().close();
            String location = response.headers().firstValue("Location").orElse("");
            uri = endpoint.follow(uri, location);
        }
        throw new IOException(
                what + ": " + Endpoint.origin(address) + " redirects more than " + MOST_REDIRECTS + " times");
    }

    private HttpResponse<InputStream> send(URI uri, Wanted wanted) throws IOException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(uri).header("User-Agent", "qk256").header("Accept-Encoding", "identity");
        if (wanted.from() > 0) {
            request.header("Range", "bytes=" + wanted.from() + "-");
            wanted.seen()
                    .filter(version -> version.origin().equals(Endpoint.origin(uri)))
                    .ifPresent(version -> request.header("If-Match", version.etag()));
        }
        if (endpoint.isOwn(uri)) {
            endpoint.token().ifPresent(token -> request.header("Authorization", "Bearer " + token));
        }
        CompletableFuture<HttpResponse<InputStream>> answer =
                client.sendAsync(request.build(), BodyHandlers.ofInputStream());
        try { // A timeout of the request itself would, from JDK 26 on, be one for all bytes of the answer.
            return answer.get(patience.silence().toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            answer.cancel(true);
            Thread.currentThread().interrupt();
            throw Attempts.interrupted(e);
        } catch (TimeoutException e) {
            answer.cancel(true);
            throw new PassingException(
                    Endpoint.origin(uri) + ": no answer for "
                            + patience.silence().toSeconds() + " s",
                    e);
        } catch (ExecutionException e) {
            throw failure(uri, e.getCause() instanceof IOException cause ? cause : new IOException(e.getCause()));
        }
    }

    private static IOException failure(URI uri, IOException e) {
        if (e instanceof SSLException) {
            return new IOException(Endpoint.origin(uri) + ": no secure connection: " + text(e), e);
        }
        if (!(e instanceof ConnectException)) {
            return new PassingException(lost(uri, e), e);
        }
        return isUnknown(e)
                ? new IOException(
                        Endpoint.origin(uri) + ": no such server is known here; is this machine connected, or is a"
                                + " proxy needed (JAVA_TOOL_OPTIONS=-Dhttps.proxyHost=HOST)?",
                        e)
                : new PassingException(Endpoint.origin(uri) + ": no connection: " + text(e), e);
    }

    private static boolean isUnknown(Throwable e) {
        return e instanceof UnresolvedAddressException || (e.getCause() != null && isUnknown(e.getCause()));
    }

    private static String lost(URI uri, IOException e) {
        return Endpoint.origin(uri) + ": the connection failed: " + text(e);
    }

    private static String text(IOException e) {
        return e.getMessage() == null
                ? e.getClass().getSimpleName()
                : PrintableText.line(e.getMessage(), LONGEST_MESSAGE);
    }

    private Answer accepted(Answer answer, String what) throws IOException {
        int status = answer.response().statusCode();
        if (status == OK || status == PARTIAL || answer.isGone()) {
            return answer;
        }
        try (answer) {
            throw refused(answer, status, what);
        }
    }

    private IOException refused(Answer answer, int status, String what) {
        HttpHeaders headers = answer.response().headers();
        String said = headers.firstValue("X-Error-Message")
                .map(message -> " (" + PrintableText.line(message, LONGEST_MESSAGE) + ")")
                .orElse("");
        String who = answer.origin() + " answers " + status + said;
        if (status == TOO_MANY || status == TIMEOUT || status >= SERVER_FAILED) {
            Optional<Duration> wait = headers.firstValue("Retry-After").flatMap(HubClient::seconds);
            return new PassingException(
                    what + ": " + who + (status == TOO_MANY ? ", too many requests" : "")
                            + wait.map(time -> ", expects a pause of " + time.toSeconds() + " s")
                                    .orElse(""),
                    wait);
        }
        if (!endpoint.isOwn(answer.response().uri())) { // Links to other servers run out; the hub gives new ones.
            return new PassingException(what + ": " + who, Optional.empty());
        }
        return switch (status) {
            case NOT_FOUND -> throw new UserError(what + ": " + who + ": there is no such repository or file");
            case UNAUTHORIZED, FORBIDDEN -> throw new UserError(what + ": " + who + ": " + closed(headers));
            default -> new IOException(what + ": " + who + ", expected 200");
        };
    }

    private String closed(HttpHeaders headers) {
        boolean gated = headers.firstValue("X-Error-Code").equals(Optional.of("GatedRepo"));
        String why = gated
                ? "its terms must be accepted first, on the page of the repository; then"
                : "there is no such repository, or it is not open to everybody; if it is yours,";
        return why
                + (endpoint.token().isPresent()
                        ? " check that HF_TOKEN is a token of a user who may read it"
                        : " set HF_TOKEN to a token of a user who may read it");
    }

    private static Optional<Duration> seconds(String text) {
        return text.matches("[0-9]{1,7}") ? Optional.of(Duration.ofSeconds(Long.parseLong(text))) : Optional.empty();
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
