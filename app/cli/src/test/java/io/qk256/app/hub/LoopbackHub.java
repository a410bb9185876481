package io.qk256.app.hub;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A hub on this machine, which answers as the real one does, or as a test wants it. */
public final class LoopbackHub implements AutoCloseable {

    /** The commit that it calls the newest. */
    public static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    /** The files of its only repository; their checksums are listed when they are put. */
    private final Map<String, byte[]> files = new TreeMap<>();

    private final Map<String, JsonObject> listed = new TreeMap<>();

    /** Answers to the next requests of files, before it answers as usual. */
    final Queue<HttpHandler> next = new ConcurrentLinkedQueue<>();

    /** What it answers in place of the list of files. */
    volatile Optional<HttpHandler> listing = Optional.empty();

    /** The requests of files. */
    final List<Request> requests = new CopyOnWriteArrayList<>();

    final List<Request> listings = new CopyOnWriteArrayList<>();

    /**
     * A request.
     *
     * @param path of its address
     * @param headers as they came
     */
    record Request(String path, Map<String, List<String>> headers) {

        Optional<String> header(String name) {
            return Optional.ofNullable(headers.get(name)).map(List::getFirst);
        }
    }

    /** Starts it. */
    public LoopbackHub() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    /** Its address. */
    public URI address() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    /** Adds a file. */
    public LoopbackHub with(String name, byte[] bytes) {
        JsonObject lfs = new JsonObject();
        lfs.addProperty("sha256", sha256(bytes));
        JsonObject file = new JsonObject();
        file.addProperty("rfilename", name);
        file.addProperty("size", bytes.length);
        file.add("lfs", lfs);
        return with(name, bytes, file);
    }

    LoopbackHub with(String name, byte[] bytes, JsonObject file) {
        files.put(name, bytes);
        listed.put(name, file);
        return this;
    }

    /** Changes the bytes of a file, and not what is listed. */
    void change(String name, byte[] bytes) {
        files.put(name, bytes);
    }

    static String sha256(byte[] bytes) {
        return Checksum.end(digest(bytes));
    }

    private static MessageDigest digest(byte[] bytes) {
        MessageDigest digest = Checksum.sha256("0".repeat(64)).orElseThrow().begin(bytes.length);
        digest.update(bytes);
        return digest;
    }

    private void handle(HttpExchange exchange) throws IOException {
        Request request = new Request(exchange.getRequestURI().getPath(), Map.copyOf(exchange.getRequestHeaders()));
        try (exchange) {
            if (request.path().startsWith("/api/")) {
                listings.add(request);
                if (listing.isPresent()) {
                    listing.get().handle(exchange);
                } else {
                    send(exchange, 200, list().getBytes(StandardCharsets.UTF_8));
                }
                return;
            }
            requests.add(request);
            HttpHandler special = next.poll();
            if (special == null) {
                serve(exchange);
            } else {
                special.handle(exchange);
            }
        }
    }

    private String list() {
        JsonArray siblings = new JsonArray();
        listed.values().forEach(siblings::add);
        JsonObject root = new JsonObject();
        root.addProperty("sha", COMMIT);
        root.add("siblings", siblings);
        return root.toString();
    }

    /** Answers as the real hub does. */
    void serve(HttpExchange exchange) throws IOException {
        serve(exchange, true);
    }

    /** The same, but it may never have heard of If-Match. */
    void serve(HttpExchange exchange, boolean knowsMatch) throws IOException {
        byte[] bytes = file(exchange);
        String etag = "\"" + sha256(bytes).substring(0, 20) + "\"";
        exchange.getResponseHeaders().add("ETag", etag);
        Optional<String> match =
                Optional.ofNullable(exchange.getRequestHeaders().getFirst("If-Match"));
        if (knowsMatch && match.isPresent() && !match.get().equals(etag)) {
            send(exchange, 412, new byte[0]);
            return;
        }
        int from = from(exchange);
        if (from == 0) {
            send(exchange, 200, bytes);
        } else {
            exchange.getResponseHeaders()
                    .add("Content-Range", "bytes " + from + "-" + (bytes.length - 1) + "/" + bytes.length);
            send(exchange, 206, Arrays.copyOfRange(bytes, from, bytes.length));
        }
    }

    byte[] file(HttpExchange exchange) {
        String path = exchange.getRequestURI().getPath();
        String name = path.substring(path.indexOf(COMMIT) + COMMIT.length() + 1);
        return files.getOrDefault(name, new byte[0]);
    }

    static int from(HttpExchange exchange) {
        return Optional.ofNullable(exchange.getRequestHeaders().getFirst("Range"))
                .map(range -> Integer.parseInt(range.replaceAll("[^0-9]", "")))
                .orElse(0);
    }

    static void send(HttpExchange exchange, int status, byte[] bytes) throws IOException {
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    /** Begins to send a file as usual, and breaks off. */
    HttpHandler breakingOffAfter(int count) {
        return exchange -> {
            byte[] bytes = file(exchange);
            exchange.getResponseHeaders().add("ETag", "\"" + sha256(bytes).substring(0, 20) + "\"");
            exchange.sendResponseHeaders(200, bytes.length);
            OutputStream out = exchange.getResponseBody();
            out.write(bytes, 0, count);
            out.flush();
        };
    }

    /** Sends the beginning of the next file that is asked for, and then nothing for a long time. */
    public void stalling(int count) {
        next.add(exchange -> {
            breakingOffAfter(count).handle(exchange);
            try {
                Thread.sleep(Duration.ofMinutes(10));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt(); // The test is over.
            }
        });
    }

    static HttpHandler status(int status, String... headers) {
        return exchange -> {
            for (int i = 0; i < headers.length; i += 2) {
                exchange.getResponseHeaders().add(headers[i], headers[i + 1]);
            }
            send(exchange, status, new byte[0]);
        };
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
