package io.qk256.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.qk256.server.Questions.Question;
import io.qk256.server.Tally.Kind;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;

/** A client that does at random what clients do, the rude ones too, and checks what it gets. For one thread. */
final class LoadClient implements AutoCloseable {

    private static final long LARGE = 100L << 20;
    private static final Set<Integer> BUSY = Set.of(429, 503);
    private static final int SLOW = 408;
    private static final String DATA = "data: ";

    private final TestServer server;
    private final Questions questions;
    private final SplittableRandom random;
    private final Tally tally;
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    LoadClient(TestServer server, Questions questions, SplittableRandom random, Tally tally) {
        this.server = server;
        this.questions = questions;
        this.random = random;
        this.tally = tally;
    }

    /** A whole answer. */
    record Answer(int status, String body) {}

    /** Sends a request on a connection of its own. */
    static Answer post(int port, String path, String body) {
        try {
            return answer(RawClient.send(port, head(path, body.length()) + body));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String head(String path, long length) {
        return "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                + "Content-Type: application/json\r\nContent-Length: " + length + "\r\n\r\n";
    }

    private static Answer answer(String received) {
        assertThat(received).startsWith("HTTP/1.1 ");
        int end = received.indexOf("\r\n\r\n");
        return new Answer(Integer.parseInt(received.substring(9, 12)), received.substring(end + 4));
    }

    void act() throws IOException, InterruptedException {
        switch (random.nextInt(16)) {
            case 0, 1, 2, 3 -> whole();
            case 4, 5, 6 -> stream(Integer.MAX_VALUE);
            case 7, 8 -> stream(1 + random.nextInt(10));
            case 9 -> leave();
            case 10 -> rubbish();
            case 11 -> wrong();
            case 12 -> slow();
            case 13 -> large();
            default -> read();
        }
        assertThat(server.scheduler.status().cacheBytes())
                .isLessThanOrEqualTo(server.scheduler.status().cacheBound());
    }

    private Question any() {
        return questions.all().get(random.nextInt(questions.all().size()));
    }

    private HttpRequest request(Question question, String body) {
        return server.request(question.path())
                .header("Content-Type", TestServer.JSON)
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
    }

    private void whole() throws IOException, InterruptedException {
        Question question = any();
        HttpResponse<String> response = http.send(request(question, question.whole()), BodyHandlers.ofString());
        check(question, new Answer(response.statusCode(), response.body()), Kind.EQUAL_TO_ALONE);
    }

    private void check(Question question, Answer answer, Kind good) {
        if (isRefused(answer.status())) {
            return;
        }
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(Questions.answer(answer.body(), question.path()))
                .as(question.body())
                .isEqualTo(question.alone());
        tally.add(question.isChat() ? good : Kind.VECTORS_EQUAL_TO_ALONE);
    }

    /** Whether a good request was refused; as too slow only because this machine is so busy that the client was kept from sending. */
    private boolean isRefused(int status) {
        if (BUSY.contains(status)) {
            tally.add(Kind.REFUSED_BUSY);
        } else if (status == SLOW) {
            tally.add(Kind.REFUSED_SLOW);
        }
        return BUSY.contains(status) || status == SLOW;
    }

    /** Reads a stream, to its end or until it has seen so many events. */
    private void stream(int events) throws IOException, InterruptedException {
        Question question = any();
        if (!question.isChat()) {
            read();
            return;
        }
        HttpResponse<java.io.InputStream> response =
                http.send(request(question, question.streamed()), BodyHandlers.ofInputStream());
        Map<Integer, StringBuilder> texts = new TreeMap<>();
        boolean complete = false;
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
            if (isRefused(response.statusCode())) {
                lines.lines().forEach(line -> {});
                return;
            }
            assertThat(response.statusCode()).isEqualTo(200);
            String line = "";
            for (int seen = 0; seen < events && line != null && !complete; ) {
                line = lines.readLine();
                complete = (DATA + "[DONE]").equals(line);
                if (!complete && line != null && line.startsWith(DATA)) {
                    add(JsonParser.parseString(line.substring(DATA.length())).getAsJsonObject(), texts);
                    seen++;
                }
            }
            assertThat(line).as("a line of a stream without an end").isNotNull();
        }
        texts.forEach((choice, text) ->
                assertThat(question.textAndEnd(choice)).as(question.body()).startsWith(text.toString()));
        if (complete) {
            assertThat(texts).hasSize(question.alone().size());
            texts.forEach((choice, text) -> assertThat(text).hasToString(question.textAndEnd(choice)));
        }
        tally.add(complete ? Kind.STREAM_EQUAL_TO_ALONE : Kind.LEFT_A_STREAM);
    }

    private static void add(JsonObject event, Map<Integer, StringBuilder> texts) {
        assertThat(event.has("error")).as("%s", event).isFalse();
        for (JsonElement element : event.getAsJsonArray("choices")) {
            JsonObject part = element.getAsJsonObject();
            StringBuilder text = texts.computeIfAbsent(part.get("index").getAsInt(), index -> new StringBuilder());
            JsonObject delta = part.getAsJsonObject("delta");
            text.append(delta.has("content") ? delta.get("content").getAsString() : "");
            JsonElement reason = part.get("finish_reason");
            text.append(reason.isJsonNull() ? "" : "|" + reason.getAsString());
        }
    }

    /** Leaves before any answer, after a part of the request or all of it; orderly, or by a reset. */
    private void leave() throws IOException {
        Question question = any();
        String body = random.nextBoolean() ? question.whole() : question.streamed();
        String all = head(question.path(), body.length()) + body;
        int sent = random.nextBoolean() ? all.length() : random.nextInt(all.length());
        try (Socket socket = RawClient.connect(server.port())) {
            if (random.nextBoolean()) {
                socket.setSoLinger(true, 0);
            }
            RawClient.write(socket, all.substring(0, sent));
            LockSupport.parkNanos(random.nextInt(20_000_000));
        }
        tally.add(sent == all.length() ? Kind.LEFT_BEFORE_AN_ANSWER : Kind.LEFT_IN_THE_REQUEST);
    }

    /** Bytes that are no HTTP, or at random the headers of a request. */
    private void rubbish() throws IOException {
        byte[] bytes = new byte[1 + random.nextInt(3000)];
        random.nextBytes(bytes);
        String start = random.nextBoolean() ? "" : "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n";
        try (Socket socket = RawClient.connect(server.port())) {
            try {
                OutputStream out = socket.getOutputStream();
                out.write(start.getBytes(StandardCharsets.US_ASCII));
                out.write(bytes);
                socket.shutdownOutput();
                String received = RawClient.read(socket);
                assertThat(received.isEmpty()
                                || received.startsWith("HTTP/1.1 4")
                                || BUSY.contains(answer(received).status()))
                        .as(received)
                        .isTrue();
            } catch (IOException e) {
                // Refused before everything was sent.
            }
        }
        tally.add(Kind.REFUSED_RUBBISH);
    }

    /** A request with a character that is wrong: refused with its reason, or another request. */
    private void wrong() throws IOException, InterruptedException {
        Question question = any();
        StringBuilder body = new StringBuilder(question.whole());
        int at = random.nextInt(body.length());
        body.setCharAt(at, "\"{}[]:,x9\\ \u00e9".charAt(random.nextInt(12)));
        HttpResponse<String> response = http.send(request(question, body.toString()), BodyHandlers.ofString());
        JsonObject json = TestServer.json(response);
        assertThat(json.has("error")).isEqualTo(response.statusCode() != 200);
        if (!isRefused(response.statusCode())) {
            assertThat(response.statusCode()).as(body + "\n" + response.body()).isIn(200, 400, 404);
            tally.add(response.statusCode() == 200 ? Kind.READ : Kind.REFUSED_RUBBISH);
        }
    }

    /** A body in pieces, of which the last one may never come. */
    private void slow() throws IOException {
        Question question = any();
        String body = question.whole();
        boolean stalls = random.nextInt(3) == 0;
        try (Socket socket = RawClient.connect(server.port())) {
            RawClient.write(socket, head(question.path(), body.length()));
            int end = stalls ? body.length() - 1 : body.length();
            for (int from = 0; from < end; ) {
                int to = Math.min(end, from + 1 + random.nextInt(40));
                RawClient.write(socket, body.substring(from, to));
                from = to;
                LockSupport.parkNanos(random.nextInt(10_000_000));
            }
            Answer answer = answer(RawClient.read(socket));
            if (answer.status() == SLOW || (stalls && BUSY.contains(answer.status()))) {
                tally.add(Kind.REFUSED_SLOW);
            } else {
                assertThat(stalls).as(answer.body()).isFalse();
                check(question, answer, Kind.SLOW_BUT_ANSWERED);
            }
        } catch (IOException e) {
            tally.add(Kind.REFUSED_SLOW); // While it was still sending.
        }
    }

    /** 100 MB, with their length told or not: the server must not read them. */
    private void large() throws IOException {
        boolean told = random.nextBoolean();
        byte[] piece = new byte[0x10000];
        String head = told
                ? head(Question.CHAT, LARGE)
                : head(Question.CHAT, 0).replace("Content-Length: 0", "Transfer-Encoding: chunked");
        long sent = 0;
        try (Socket socket = RawClient.connect(server.port())) {
            RawClient.write(socket, head);
            OutputStream out = socket.getOutputStream();
            try {
                for (; sent < LARGE; sent += piece.length) {
                    if (!told) {
                        RawClient.write(socket, "10000\r\n");
                    }
                    out.write(piece);
                    if (!told) {
                        RawClient.write(socket, "\r\n");
                    }
                }
            } catch (IOException e) {
                // The server has closed the connection.
            }
            try {
                String received = RawClient.read(socket);
                assertThat(received.isEmpty()
                                || BUSY.contains(answer(received).status())
                                || answer(received).status() == 413)
                        .as(received)
                        .isTrue();
            } catch (IOException e) {
                // Its answer was lost, as this client did not read it in time.
            }
        }
        assertThat(sent).as("bytes that the server took").isLessThan(LARGE);
        tally.add(Kind.REFUSED_LARGE);
    }

    private void read() throws IOException, InterruptedException {
        String[] paths = {"/health", "/metrics", "/v1/models", "/kernels", "/"};
        URI uri = URI.create("http://127.0.0.1:" + server.port() + paths[random.nextInt(paths.length)]);
        HttpResponse<String> response = http.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
        assertThat(response.statusCode()).as(response.body()).isIn(200, 503);
        tally.add(response.statusCode() == 200 ? Kind.READ : Kind.REFUSED_BUSY);
    }

    @Override
    public void close() {
        http.close();
    }
}
