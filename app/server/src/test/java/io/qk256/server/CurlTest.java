package io.qk256.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.qk256.testing.HangGuard;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The stream as curl shows it: each piece when it is there, and the end. */
class CurlTest {

    private static TestServer server;

    @BeforeAll
    static void start() {
        assumeTrue(isThere(), "there is no curl");
        server = TestServer.start();
    }

    @AfterAll
    static void stop() {
        if (server != null) {
            server.close();
        }
    }

    private static boolean isThere() {
        try {
            Process process = new ProcessBuilder("curl", "--version")
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return process.waitFor() == 0;
        } catch (IOException | InterruptedException e) {
            return false;
        }
    }

    private static Process curl(String body) throws IOException {
        return new ProcessBuilder(
                        "curl",
                        "--silent",
                        "--show-error",
                        "--no-buffer",
                        "http://127.0.0.1:" + server.port() + "/v1/chat/completions",
                        "-H",
                        "Content-Type: application/json",
                        "-d",
                        body)
                .redirectErrorStream(true)
                .start();
    }

    private static String body(String more) {
        return "{\"messages\": [{\"role\": \"user\", \"content\": \"Once upon a time\"}], \"seed\": 1, \"temperature\": 1, "
                + more + "}";
    }

    @Test
    void streamsAndEnds() throws Exception {
        Process curl = curl(body("\"max_tokens\": 20, \"stream\": true"));
        List<String> lines = new ArrayList<>();
        try (BufferedReader out =
                new BufferedReader(new InputStreamReader(curl.getInputStream(), StandardCharsets.UTF_8))) {
            out.lines().filter(line -> !line.isEmpty()).forEach(lines::add);
        }
        assertThat(curl.waitFor()).as("%s", lines).isZero();
        assertThat(lines).hasSizeGreaterThan(3).allMatch(line -> line.startsWith("data: "));
        assertThat(lines.getLast()).isEqualTo("data: [DONE]");
        StringBuilder text = new StringBuilder();
        for (String line : lines.subList(0, lines.size() - 1)) {
            JsonObject delta = JsonParser.parseString(line.substring("data: ".length()))
                    .getAsJsonObject()
                    .getAsJsonArray("choices")
                    .get(0)
                    .getAsJsonObject()
                    .getAsJsonObject("delta");
            text.append(delta.has("content") ? delta.get("content").getAsString() : "");
        }
        String whole = TestServer.json(server.post("/v1/chat/completions", body("\"max_tokens\": 20")))
                .getAsJsonArray("choices")
                .get(0)
                .getAsJsonObject()
                .getAsJsonObject("message")
                .get("content")
                .getAsString();
        assertThat(text).hasToString(whole);
    }

    /** The answer never ends, so its first piece can only be there because pieces are sent at once. */
    @Test
    void aPieceIsThereBeforeTheEnd() throws Exception {
        Process curl = curl(body("\"truncation\": \"auto\", \"stop\": [\"\\u0000\"], \"stream\": true"));
        try (BufferedReader out =
                new BufferedReader(new InputStreamReader(curl.getInputStream(), StandardCharsets.UTF_8))) {
            String first = HangGuard.ends(out::readLine);
            assertThat(first).startsWith("data: {").contains("\"role\":\"assistant\"");
        } finally {
            curl.destroyForcibly().waitFor();
        }
    }
}
