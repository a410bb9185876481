package io.qk256.app.modulepath;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Sends the signal of Ctrl-C to the packaged application. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class InterruptIT {

    private static final int MOST_TOKENS = 40;
    private static final long SIGINT = 1L << (2 - 1);

    @TempDir
    private Path dir;

    /** A JVM does not handle a signal that its parent ignores, as shells do for background jobs. */
    @BeforeEach
    void signalsArrive() throws IOException {
        Path status = Path.of("/proc/self/status");
        assumeTrue(Files.exists(status), "signals are sent and looked at as Linux has it");
        Matcher ignored = Pattern.compile("SigIgn:\\s*([0-9a-f]+)").matcher(Files.readString(status));
        assumeTrue(ignored.find() && (Long.parseUnsignedLong(ignored.group(1), 16) & SIGINT) == 0, "SIGINT is ignored");
    }

    private static void interrupt(Process process) throws IOException, InterruptedException {
        Process kill = new ProcessBuilder("kill", "-INT", String.valueOf(process.pid())).start();
        assertThat(kill.waitFor()).isZero();
    }

    /** The kernel waits at each product until the answer is stopped; otherwise the answer would take half a minute. */
    @Test
    void stopsTheAnswerAndNotTheConversation() throws Exception {
        Path slow = Files.createFile(dir.resolve("slow"));
        String product = "MemorySegment q = x.segment();";
        Path kernel = new TestModule("waits")
                .replacing(
                        product,
                        "if (java.nio.file.Files.exists(java.nio.file.Path.of(\"" + slow + "\")))"
                                + " { java.util.concurrent.locks.LockSupport.parkNanos(20_000_000); } " + product)
                .compile(Application.spi(), dir);
        Path err = dir.resolve("err");
        Process chat = Application.complete()
                .with(kernel)
                .builder("run", "--chat", "-n", String.valueOf(MOST_TOKENS), "--temp=0", "--threads=1")
                .redirectError(err.toFile())
                .start();
        InputStream out = chat.getInputStream();
        say(chat, "Once");
        StringBuilder answers = new StringBuilder().append((char) out.read());
        interrupt(chat);
        while (answers.charAt(answers.length() - 1) != '\n') {
            int next = out.read();
            assertThat(next).as(Files.readString(err)).isNotNegative();
            answers.append((char) next);
        }
        Files.delete(slow);
        say(chat, "The fox");
        chat.getOutputStream().close();
        answers.append(new String(out.readAllBytes(), StandardCharsets.UTF_8));
        assertThat(chat.waitFor()).as(Files.readString(err)).isZero();
        Matcher decoded = Pattern.compile("decode (\\d+) tokens").matcher(Files.readString(err));
        assertThat(decoded.find()).as(Files.readString(err)).isTrue();
        int whole = MOST_TOKENS - 1;
        assertThat(Integer.parseInt(decoded.group(1)))
                .as("the first answer was stopped, the second was not: %s", answers)
                .isBetween(whole, 2 * whole - 1);
        assertThat(answers.toString().lines().filter(line -> !line.isBlank())).hasSizeGreaterThanOrEqualTo(2);
    }

    /** A stopped answer counts: its speed is reported, and the exit code is the shells' one for Ctrl-C. */
    @Test
    void stopsARunAndItsSpeedIsReported() throws Exception {
        Path err = dir.resolve("err");
        Process run = Application.complete()
                .builder("run", "-p", "Once upon a time", "--seed=3", "--temp=1", "--threads=1")
                .redirectError(err.toFile())
                .start();
        int first = run.getInputStream().read();
        assertThat(first).isEqualTo('O');
        interrupt(run);
        run.getInputStream().readAllBytes();
        int stopped = 130;
        assertThat(run.waitFor()).as("or it had ended before").isIn(0, stopped);
        assertThat(Files.readString(err)).contains("| decode ").contains("| seed 3");
    }

    private static Process serve(Path err) throws IOException {
        return Application.complete()
                .builder("serve", "--port=0", "--threads=1", "--drain=600")
                .redirectError(err.toFile())
                .start();
    }

    /** Sends a request whose answer never ends, and waits until it begins. */
    private static Socket ask(Process serve, Path err) throws IOException {
        BufferedReader out = new BufferedReader(new InputStreamReader(serve.getInputStream(), StandardCharsets.UTF_8));
        Matcher port = Pattern.compile("http://127\\.0\\.0\\.1:(\\d+)").matcher(out.readLine());
        assertThat(port.find()).as(Files.readString(err)).isTrue();
        String body = "{\"messages\":[{\"role\":\"user\",\"content\":\"Once\"}],\"temperature\":1,"
                + "\"truncation\":\"auto\",\"logit_bias\":{\"1023\":-100},\"stream\":true}";
        Socket client = new Socket(InetAddress.getLoopbackAddress(), Integer.parseInt(port.group(1)));
        client.getOutputStream()
                .write(("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                                + "Content-Length: " + body.length() + "\r\n\r\n" + body)
                        .getBytes(StandardCharsets.UTF_8));
        assertThat(client.getInputStream().read()).isEqualTo('H');
        return client;
    }

    private static void awaitStopping(Process serve, Path err) throws IOException {
        while (!Files.readString(err).contains("Ctrl-C again cuts off")) {
            assertThat(serve.isAlive()).isTrue();
            Thread.onSpinWait();
        }
    }

    /** The first lets a request finish, which never ends, as its text may not; the second does not. */
    @Test
    void theSecondEndsAServerThatIsStopping() throws Exception {
        Path err = dir.resolve("err");
        Process serve = serve(err);
        try (Socket client = ask(serve, err)) {
            interrupt(serve);
            awaitStopping(serve, err);
            assertThat(client.getInputStream().read()).isNotNegative();
            interrupt(serve);
            assertThat(serve.waitFor()).isEqualTo(130);
        } finally {
            serve.destroyForcibly();
        }
    }

    /** Other commands end within five seconds of this signal. A server waits for an answer, here until its client leaves. */
    @Test
    void aTerminatedServerWaitsForItsAnswers() throws Exception {
        Path err = dir.resolve("err");
        Process serve = serve(err);
        try {
            try (Socket client = ask(serve, err)) {
                serve.toHandle().destroy();
                awaitStopping(serve, err);
                long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(5500);
                while (System.nanoTime() < end) {
                    assertThat(client.getInputStream().read())
                            .as(Files.readString(err))
                            .isNotNegative();
                }
            }
            assertThat(serve.waitFor()).isEqualTo(143);
        } finally {
            serve.destroyForcibly();
        }
    }

    private static void say(Process chat, String line) throws IOException {
        chat.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
        chat.getOutputStream().flush();
    }
}
