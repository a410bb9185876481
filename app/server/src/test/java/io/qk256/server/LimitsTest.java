package io.qk256.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.llm.serving.FinishReason;
import io.qk256.llm.serving.SchedulerStatus;
import io.qk256.server.http.Limits;
import io.qk256.testing.HangGuard;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that send too much, too slowly or not at all, and those that leave. */
class LimitsTest {

    private static final Duration SHORT = Duration.ofMillis(200);
    private static final Duration LONG = Duration.ofMinutes(5);
    private static final int BODY = 10_000;
    private static final String CHAT = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n";

    /** Its answer never ends by itself: without the token that ends a text, and with room made for more tokens. */
    private static final String ENDLESS =
            "{\"messages\":[{\"role\":\"user\",\"content\":\"Once upon a time\"}],\"logit_bias\":{\"1023\":-100},"
                    + "\"truncation\":\"auto\",\"temperature\":1";

    private static Limits limits(int requests, Duration receive) {
        return new Limits(BODY, 4096, requests, 100, LONG, receive);
    }

    private static TestServer start(int requests, Duration receive) {
        return TestServer.start(ServerOptions.usual(), limits(requests, receive), options -> options.withParallel(2));
    }

    private static String request(String body) {
        return CHAT + "Content-Type: application/json\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
    }

    /** Waits for something that happens, however long that takes. */
    private static void await(String what, BooleanSupplier happens) {
        HangGuard.ends(() -> {
            while (!happens.getAsBoolean()) {
                LockSupport.parkNanos(1_000_000);
            }
            return what;
        });
    }

    /** On a busy machine, this client itself may be too slow. */
    private static boolean isHealthy(TestServer server) {
        try (Socket socket = RawClient.connect(server.port())) {
            RawClient.write(socket, "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            return RawClient.read(socket).startsWith("HTTP/1.1 200 ");
        } catch (IOException e) {
            return false;
        }
    }

    private static long cancelled(TestServer server) {
        SchedulerStatus status = server.scheduler.status();
        return status.finished().getOrDefault(FinishReason.CANCELLED, 0L);
    }

    /** Trying again would not help. */
    @Test
    void moreAnswersThanTheServerTakesAreRefusedForGood() {
        try (TestServer server = TestServer.start(
                ServerOptions.usual(),
                limits(10, LONG),
                options -> options.withParallel(2).withQueue(1))) {
            String body = "{\"prompt\":\"Once\",\"max_tokens\":1,\"n\":";
            assertThat(server.post("/v1/completions", body + "3}").statusCode()).isEqualTo(200);
            HttpResponse<String> refused = server.post("/v1/completions", body + "4}");
            assertThat(refused.statusCode()).isEqualTo(400);
            assertThat(TestServer.error(refused).get("param").getAsString()).isEqualTo("n");
        }
    }

    @Test
    void aLargeBodyIsRefusedBeforeItIsSent() {
        try (TestServer server = start(10, LONG)) {
            HttpRequest request = server.request("/v1/chat/completions")
                    .header("Content-Type", TestServer.JSON)
                    .expectContinue(true)
                    .POST(HttpRequest.BodyPublishers.fromPublisher(
                            HttpRequest.BodyPublishers.ofByteArrays(() -> {
                                throw new AssertionError("the body is asked for");
                            }),
                            100 << 20))
                    .build();
            HttpResponse<String> response = server.send(request);
            assertThat(response.statusCode()).isEqualTo(413);
            assertThat(TestServer.error(response).get("message").getAsString())
                    .contains("104857600 bytes, expected at most 10000");
        }
    }

    @Test
    void aBodyWithoutALengthIsReadUpToTheLimit() throws IOException {
        try (TestServer server = start(10, LONG);
                Socket socket = RawClient.connect(server.port())) {
            RawClient.write(socket, CHAT + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
            RawClient.write(socket, "4000\r\n" + " ".repeat(0x4000) + "\r\n");
            assertThat(RawClient.read(socket)).startsWith("HTTP/1.1 413 ");
        }
    }

    @Test
    void longHeadersAreRefused() throws IOException {
        try (TestServer server = start(10, LONG)) {
            String answer = RawClient.send(
                    server.port(), "GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + "x".repeat(5000) + "\r\n\r\n");
            assertThat(answer).startsWith("HTTP/1.1 431 ").contains("\"error\"", "4096 bytes");
            assertThat(RawClient.send(server.port(), "rubbish\r\n\r\n")).startsWith("HTTP/1.1 400 ");
        }
    }

    @Test
    void aSlowBodyIsCutOff() throws IOException {
        try (TestServer server = start(10, SHORT);
                Socket socket = RawClient.connect(server.port())) {
            RawClient.write(socket, CHAT + "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{");
            assertThat(RawClient.read(socket)).startsWith("HTTP/1.1 408 ").contains("within 200 ms");
            await("others are served", () -> isHealthy(server));
        }
    }

    @Test
    void headersThatNeverEndAreCutOff() throws IOException {
        try (TestServer server = start(10, SHORT);
                Socket socket = RawClient.connect(server.port())) {
            RawClient.write(socket, "GET /health HTTP/1.1\r\n");
            await("the connection is closed", () -> isClosedByTrickle(socket));
        }
    }

    private static boolean isClosedByTrickle(Socket socket) {
        try {
            RawClient.write(socket, "X: y\r\n");
            LockSupport.parkNanos(20_000_000);
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    @Test
    void aClientThatLeavesDuringAStreamIsNotAnswered() throws IOException {
        try (TestServer server = start(10, LONG)) {
            try (Socket socket = RawClient.connect(server.port())) {
                RawClient.write(socket, request(ENDLESS + ",\"stream\":true}"));
                assertThat(socket.getInputStream().read()).isEqualTo('H');
            }
            await("cancelled", () -> cancelled(server) == 1);
            await("the request ends", () -> server.server.inProgress() == 0);
            assertThat(server.log).isEmpty();
        }
    }

    @Test
    void aClientThatLeavesBeforeAnyAnswerIsNotAnswered() throws IOException {
        try (TestServer server = start(10, LONG)) {
            try (Socket socket = RawClient.connect(server.port())) {
                RawClient.write(socket, request(ENDLESS + "}"));
                await("it is computed", () -> server.scheduler.status().running() == 1);
            }
            await("cancelled", () -> cancelled(server) == 1);
            await("the request ends", () -> server.server.inProgress() == 0);
        }
    }

    @Test
    void aRequestThatFollowsAtOnceIsAnsweredToo() throws IOException {
        try (TestServer server = start(10, LONG)) {
            String answers = RawClient.send(
                    server.port(),
                    request(ENDLESS + ",\"max_tokens\":3}")
                            + "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            assertThat(answers).startsWith("HTTP/1.1 200 ").contains("chat.completion", "\"status\":\"ok\"");
        }
    }

    /** The connection holds 8192 bytes; the rest must not be taken from the client while there is no room for it. */
    @ParameterizedTest
    @ValueSource(ints = {7000, 7900, 9900})
    void aLargeRequestThatFollowsAtOnceIsAnsweredToo(int spaces) throws IOException {
        String body = "{\"content\":" + " ".repeat(spaces) + "\"Once\"}";
        try (TestServer server = start(10, LONG);
                Socket socket = RawClient.connect(server.port())) {
            RawClient.write(
                    socket,
                    request(ENDLESS + ",\"max_tokens\":300}")
                            + "POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + body.length()
                            + "\r\n\r\n" + body
                            + "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            assertThat(HangGuard.ends(() -> RawClient.read(socket)))
                    .startsWith("HTTP/1.1 200 ")
                    .contains("chat.completion", "{\"tokens\":[", "\"status\":\"ok\"");
        }
    }

    @Test
    void aClientThatLeavesWithARequestThatFollowsIsNotAnswered() throws IOException {
        try (TestServer server = start(10, LONG)) {
            try (Socket socket = RawClient.connect(server.port())) {
                RawClient.write(socket, request(ENDLESS + "}") + "\r\n");
                await("it is computed", () -> server.scheduler.status().running() == 1);
            }
            await("cancelled", () -> cancelled(server) == 1);
        }
    }

    /** Both while they are read and afterwards. */
    @Test
    void aClientThatLeavesAfterSendingFurtherRequestsIsNotAnswered() throws IOException {
        try (TestServer server = start(10, LONG)) {
            try (Socket socket = RawClient.connect(server.port())) {
                RawClient.write(socket, request(ENDLESS + "}"));
                await("it is computed", () -> server.scheduler.status().running() == 1);
                for (int i = 0; i < 20; i++) {
                    RawClient.write(socket, "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
                }
            }
            await("cancelled", () -> cancelled(server) == 1);
            await("the request ends", () -> server.server.inProgress() == 0);
        }
    }

    @Test
    void tooManyRequestsAreRefused() throws IOException {
        try (TestServer server = start(1, LONG);
                Socket socket = RawClient.connect(server.port())) {
            RawClient.write(socket, request(ENDLESS + ",\"stream\":true}"));
            await("it is in progress", () -> server.server.inProgress() == 1);
            HttpResponse<String> refused = server.get("/v1/models");
            assertThat(refused.statusCode()).isEqualTo(503);
            assertThat(refused.headers().firstValue("Retry-After")).contains("1");
        }
    }

    @Test
    void stoppingWaitsForAnswersAndRefusesOthers() throws Exception {
        try (TestServer server = start(10, LONG);
                Socket busy = RawClient.connect(server.port());
                Socket kept = RawClient.connect(server.port())) {
            RawClient.write(busy, request(ENDLESS + ",\"max_tokens\":1000}"));
            await("it is computed", () -> server.scheduler.status().decodedTokens() > 0);
            assertThat(server.server.stop(LONG)).isTrue();
            assertThat(RawClient.read(busy)).startsWith("HTTP/1.1 200 ");
            assertThat(RawClient.read(kept)).isEmpty();
        }
    }

    @Test
    void answersThatAreCutOffSaySo() throws Exception {
        try (TestServer server = start(10, LONG);
                Socket whole = RawClient.connect(server.port());
                Socket stream = RawClient.connect(server.port())) {
            RawClient.write(whole, request(ENDLESS + "}"));
            RawClient.write(stream, request(ENDLESS + ",\"stream\":true}"));
            assertThat(stream.getInputStream().read()).isEqualTo('H');
            await("both are computed", () -> server.scheduler.status().running() == 2);
            assertThat(server.server.stop(Duration.ZERO, LONG)).isFalse();
            assertThat(RawClient.read(whole)).startsWith("HTTP/1.1 503 ").contains("\"stopping\"", "Retry-After");
            assertThat(RawClient.read(stream))
                    .contains("data: {\"error\"", "\"stopping\"")
                    .doesNotContain("[DONE]");
        }
    }
}
