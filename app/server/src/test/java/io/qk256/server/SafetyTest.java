package io.qk256.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.spi.support.UserError;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Other web sites, other names, and clients without the key are kept out. */
class SafetyTest {

    private static TestServer server;

    @BeforeAll
    static void start() {
        ServerOptions options = new ServerOptions(
                "127.0.0.1", 0, Optional.of(TestServer.KEY), List.of("Box.local"), List.of("http://localhost:3000"));
        server = TestServer.start(options);
    }

    @AfterAll
    static void stop() {
        server.close();
        assertThat(server.log).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "localhost, 200",
        "LOCALHOST:80, 200",
        "127.0.0.1:8080, 200",
        "[::1]:80, 200",
        "10.1.2.3, 200",
        "box.LOCAL, 200",
        "evil.com, 421",
        "127.0.0.1.evil.com, 421",
        "localhost.evil.com:80, 421",
        "1.2.3, 421",
        "evil, 421"
    })
    void onlyKnownNamesAreAnswered(String host, int status) throws IOException {
        String answer = RawClient.send(
                server.port(), "GET /health HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
        assertThat(answer).startsWith("HTTP/1.1 " + status + " ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Host: localhost\r\nHost: evil.com\r\n", "Host:\r\n", "", "Host: localhost, evil.com\r\n"})
    void aMissingOrSecondHostIsRefused(String headers) throws IOException {
        String answer =
                RawClient.send(server.port(), "GET /health HTTP/1.1\r\n" + headers + "Connection: close\r\n\r\n");
        assertThat(answer).containsPattern("^HTTP/1.1 4(00|21) ");
    }

    private static HttpResponse<String> from(String origin, String method) {
        return server.send(server.request("/v1/models")
                .header("Origin", origin)
                .header("Authorization", "Bearer " + TestServer.KEY)
                .method(method, HttpRequest.BodyPublishers.noBody())
                .build());
    }

    @Test
    void pagesOfOtherSitesAreRefused() {
        for (String origin : List.of("http://evil.com", "null", "https://localhost:3000", "http://127.0.0.1:1")) {
            HttpResponse<String> response = from(origin, "GET");
            assertThat(response.statusCode()).as(origin).isEqualTo(403);
            assertThat(response.headers().firstValue("Access-Control-Allow-Origin"))
                    .isEmpty();
            assertThat(from(origin, "OPTIONS").statusCode()).isEqualTo(403);
        }
    }

    @Test
    void itsOwnPageAndAllowedPagesAreAnswered() {
        HttpResponse<String> own = from("http://127.0.0.1:" + server.port(), "GET");
        assertThat(own.statusCode()).as(own.body()).isEqualTo(200);
        assertThat(own.headers().firstValue("Access-Control-Allow-Origin")).isEmpty();
        HttpResponse<String> allowed = from("http://localhost:3000", "GET");
        assertThat(allowed.statusCode()).isEqualTo(200);
        assertThat(allowed.headers().firstValue("Access-Control-Allow-Origin")).contains("http://localhost:3000");
        assertThat(allowed.headers().firstValue("Vary")).contains("Origin");
        HttpResponse<String> question = from("http://localhost:3000", "OPTIONS");
        assertThat(question.statusCode()).isEqualTo(204);
        assertThat(question.headers().firstValue("Access-Control-Allow-Headers").orElseThrow())
                .contains("authorization");
    }

    @Test
    void withoutTheKeyOnlyHealthIsAnswered() {
        assertThat(server.get("/health").statusCode()).isEqualTo(200);
        for (String path : List.of("/v1/models", "/metrics", "/kernels", "/v1/chat/completions", "/tokenize")) {
            HttpResponse<String> response = server.get(path);
            assertThat(response.statusCode()).as(path).isEqualTo(401);
            assertThat(TestServer.error(response).get("code").getAsString()).isEqualTo("invalid_api_key");
            assertThat(response.headers().firstValue("WWW-Authenticate")).contains("Bearer");
        }
        for (String wrong : List.of("Bearer 0123456789abcdeF", "Bearer ", "Basic " + TestServer.KEY, TestServer.KEY)) {
            HttpRequest request =
                    server.request("/v1/models").header("Authorization", wrong).build();
            assertThat(server.send(request).statusCode()).as(wrong).isEqualTo(401);
        }
    }

    @Test
    void answersTellBrowsersToBeCareful() {
        HttpResponse<String> response = server.get("/health");
        assertThat(response.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
        assertThat(response.headers().firstValue("Content-Security-Policy").orElseThrow())
                .contains("default-src 'none'");
        assertThat(response.headers().firstValue("Cache-Control")).contains("no-store");
        assertThat(response.headers().firstValue("Server")).isEmpty();
    }

    @Test
    void othersNeedAKey() {
        ServerOptions everywhere = new ServerOptions("0.0.0.0", 0, Optional.empty(), List.of(), List.of());
        assertThatThrownBy(() -> ModelServer.start(everywhere, line -> {}))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("0.0.0.0")
                .hasMessageContaining("no API key");
    }

    @Test
    void weakOptionsAreRefused() {
        assertThatThrownBy(() -> new ServerOptions("127.0.0.1", 0, Optional.of("short"), List.of(), List.of()))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("5 characters, expected 16");
        assertThatThrownBy(() -> new ServerOptions("127.0.0.1", 0, Optional.empty(), List.of(), List.of("*")))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("set a key");
        assertThatThrownBy(() -> new ServerOptions("127.0.0.1", 0, Optional.empty(), List.of(), List.of("a.com/b")))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("http://HOST");
        assertThatThrownBy(() -> new ServerOptions("127.0.0.1", 65536, Optional.empty(), List.of(), List.of()))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("65536");
    }

    @Test
    void aPortInUseIsTold() {
        ServerOptions same = ServerOptions.usual().withPort(server.port());
        assertThatThrownBy(() -> ModelServer.start(same, line -> {}))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("port " + server.port())
                .hasMessageContaining("in use")
                .hasMessageContaining("choose another port");
    }
}
