package io.qk256.app.modulepath;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Starts the server of the packaged application, asks it, and stops it. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class ServeIT {

    private static final int TERMINATED = 128 + 15;

    @TempDir
    private Path dir;

    @Test
    void answersUntilItIsTold() throws Exception {
        Path err = dir.resolve("err");
        Process process = Application.complete()
                .builder("serve", "--port", "0", "--threads", "1", "--kernel", "scalar", "--parallel", "2")
                .redirectError(err.toFile())
                .start();
        try (BufferedReader out =
                        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
                HttpClient client = HttpClient.newHttpClient()) {
            String line = out.readLine();
            assertThat(line)
                    .as(Files.readString(err))
                    .matches(
                            "serving demo on http://127\\.0\\.0\\.1:\\d+ with kernel scalar, 2 at once with \\d+ tokens"
                                    + " each, keys and values at most \\d+ MiB");
            Matcher address = Pattern.compile("http://\\S+").matcher(line);
            assertThat(address.find()).isTrue();
            HttpRequest question = HttpRequest.newBuilder(URI.create(address.group() + "/v1/chat/completions"))
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString(
                            "{\"messages\":[{\"role\":\"user\",\"content\":\"Once\"}],\"max_tokens\":2}"))
                    .build();
            assertThat(client.send(question, BodyHandlers.ofString()).body()).contains("chat.completion");
            HttpRequest kernels = HttpRequest.newBuilder(URI.create(address.group() + "/kernels"))
                    .build();
            assertThat(client.send(kernels, BodyHandlers.ofString()).body()).contains("\"selected\": \"scalar\"");
            process.toHandle().destroy(); // Unlike Process.destroy, it leaves the streams open.
            assertThat(process.waitFor()).isEqualTo(TERMINATED);
            assertThat(out.readLine()).isNull();
        } finally {
            process.destroyForcibly();
        }
        assertThat(Files.readString(err).lines().filter(text -> !text.startsWith("WARNING: Using incubator")))
                .isEmpty();
    }

    @Test
    void aPortInUseIsToldAtOnce() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Application.Result run =
                    Application.complete().run("serve", "--port", String.valueOf(taken.getLocalPort()));
            assertThat(run.exit()).isEqualTo(1);
            assertThat(run.err()).contains("cannot listen on 127.0.0.1 port " + taken.getLocalPort(), "choose another");
        }
    }

    @Test
    void aServerWhoseAddressNobodyCanReadEnds() throws Exception {
        Path full = Path.of("/dev/full");
        assumeTrue(Files.exists(full), "there is no /dev/full");
        Path err = dir.resolve("err");
        Process process = Application.complete()
                .builder("serve", "--port=0", "--threads=1", "--kernel=scalar", "--context=100000")
                .redirectOutput(full.toFile())
                .redirectError(err.toFile())
                .start();
        try {
            assertThat(process.waitFor()).as(Files.readString(err)).isEqualTo(1);
            assertThat(Files.readString(err))
                    .containsPattern("--context is 100000, but the model was trained for texts of \\d+ tokens")
                    .contains("standard output: ");
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void othersNeedAKey() throws Exception {
        Application.Result run = Application.complete().run("serve", "--host", "0.0.0.0", "--port", "0");
        assertThat(run.exit()).isEqualTo(2);
        assertThat(run.err()).contains("there is no API key");
    }
}
