package io.qk256.app.hub;

import static io.qk256.app.hub.LoopbackHub.COMMIT;
import static io.qk256.app.hub.LoopbackHub.status;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.sun.net.httpserver.HttpHandler;
import io.qk256.app.hub.Hub.Pulled;
import io.qk256.gguf.Progress;
import io.qk256.spi.support.UserError;
import java.io.IOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Downloads from a hub on this machine that does what networks and servers do. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class HubTest {

    private static final HubName NAME = HubName.parse("hf:some/tales");
    private static final String TOKEN = "hf_secretSecretSecret";
    private static final String FILE = "tales.gguf";
    private static final int HALF = 300_000;
    private static final byte[] BYTES = bytes(1, 2 * HALF);
    private static final Patience SHORT =
            new Patience(3, Duration.ofMillis(1), Duration.ofSeconds(30), Duration.ofSeconds(2));

    private final List<String> talk = new ArrayList<>();

    @TempDir
    private Path dir;

    private LoopbackHub server;
    private HubCache cache;
    private Path repository;

    @BeforeEach
    void start() throws IOException {
        server = new LoopbackHub();
        cache = new HubCache(dir);
        repository = dir.resolve("models--some--tales");
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private static byte[] bytes(long seed, int count) {
        byte[] bytes = new byte[count];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private Pulled pull(HubName name, Patience patience) throws IOException {
        Endpoint endpoint = new Endpoint(server.address(), Optional.of(TOKEN), true);
        return new Hub(endpoint, patience).pull(name, cache, Progress.NONE, talk::add);
    }

    private Pulled pull() throws IOException {
        return pull(NAME, SHORT);
    }

    private Path blob() {
        return repository.resolve("blobs").resolve(LoopbackHub.sha256(BYTES));
    }

    private void assertWhole() throws IOException {
        assertThat(Files.readAllBytes(cache.find(NAME).orElseThrow())).isEqualTo(BYTES);
        try (Stream<Path> blobs = Files.list(repository.resolve("blobs"))) {
            assertThat(blobs).containsExactly(blob());
        }
    }

    private void assertNothingHalf() throws IOException {
        assertThat(cache.find(NAME)).isEmpty();
        assertThat(blob()).doesNotExist();
        assertThat(repository.resolve("snapshots")).doesNotExist();
    }

    @Test
    void isInTheLayoutOfTheHubsTools() throws Exception {
        server.with(FILE, BYTES).with("README.md", new byte[10]);
        List<Long> progress = new ArrayList<>();
        Pulled pulled = new Hub(new Endpoint(server.address(), Optional.empty(), true), SHORT)
                .pull(
                        NAME,
                        cache,
                        (what, done, total) -> {
                            assertThat(total).isEqualTo(BYTES.length);
                            progress.add(done);
                        },
                        talk::add);
        Path link = repository.resolve("snapshots").resolve(COMMIT).resolve(FILE);
        assertThat(pulled.commit()).isEqualTo(COMMIT);
        assertThat(pulled.files())
                .containsExactly(new Hub.PulledFile(link, BYTES.length, LoopbackHub.sha256(BYTES), true));
        assertThat(repository.resolve("refs/main")).hasContent(COMMIT);
        assertThat(Files.readSymbolicLink(link))
                .isEqualTo(Path.of("../../blobs").resolve(LoopbackHub.sha256(BYTES)));
        assertThat(progress).isSorted().last().isEqualTo((long) BYTES.length);
        assertThat(server.listings.getFirst().header("Authorization")).isEmpty();
        assertWhole();
    }

    @Test
    void mendsARefThatIsNoCommit() throws Exception {
        server.with(FILE, BYTES);
        Files.createDirectories(repository.resolve("refs"));
        Files.writeString(repository.resolve("refs/main"), "main");
        pull();
        assertWhole();
    }

    @Test
    void isNotDownloadedTwice() throws Exception {
        server.with(FILE, BYTES);
        pull();
        assertThat(pull().files().getFirst().isNew()).isFalse();
        assertThat(server.requests).hasSize(1);
        Files.delete(repository.resolve("refs/main")); // Or another commit has the same bytes.
        Files.delete(repository.resolve("snapshots").resolve(COMMIT).resolve(FILE));
        assertThat(pull().files().getFirst().isNew()).isFalse();
        assertThat(server.requests).hasSize(1);
        assertWhole();
    }

    @Test
    void continuesWhereAConnectionBrokeOff() throws Exception {
        server.with(FILE, BYTES).next.add(server.breakingOffAfter(HALF));
        pull();
        assertWhole();
        assertThat(server.requests).hasSize(2);
        String from = server.requests.get(1).header("Range").orElseThrow();
        assertThat(Integer.parseInt(from.replaceAll("[^0-9]", ""))).isBetween(1, HALF);
        assertThat(server.requests.get(1).header("If-match")).isPresent();
    }

    @Test
    void continuesWhatAnEarlierCallHasLeft() throws Exception {
        server.with(FILE, BYTES).next.add(server.breakingOffAfter(HALF));
        Patience once = new Patience(1, Duration.ZERO, Duration.ofSeconds(30), Duration.ZERO);
        assertThatThrownBy(() -> pull(NAME, once))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("are kept, and the same command continues");
        assertNothingHalf();
        long kept = Files.size(Download.part(blob()));
        assertThat(kept).isBetween(1L, (long) HALF);
        pull();
        assertWhole();
        assertThat(server.requests.getLast().header("Range")).contains("bytes=" + kept + "-");
        assertThat(talk).anyMatch(line -> line.contains("continuing after"));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, HALF, 2 * HALF, 3 * HALF})
    void startsAnewIfOtherBytesWereLeft(int count) throws Exception {
        server.with(FILE, BYTES);
        Path part = Download.part(blob());
        Files.createDirectories(part.getParent());
        Files.write(part, bytes(2, count));
        pull();
        assertWhole();
    }

    @Test
    void takesAllFromAServerThatKnowsNoRanges() throws Exception {
        server.with(FILE, BYTES);
        server.next.add(server.breakingOffAfter(HALF));
        server.next.add(exchange -> LoopbackHub.send(exchange, 200, BYTES));
        pull();
        assertWhole();
    }

    /** If-Match fails, and what was begun is thrown away. */
    @Test
    void startsAnewIfTheFileChangesOnTheWay() throws Exception {
        server.with(FILE, BYTES);
        server.change(FILE, bytes(3, BYTES.length));
        server.next.add(server.breakingOffAfter(HALF));
        server.next.add(exchange -> {
            server.change(FILE, BYTES);
            server.serve(exchange);
        });
        pull();
        assertWhole();
        assertThat(talk).anyMatch(line -> line.contains("no longer the one that was begun"));
    }

    /** The same from a server that does not know If-Match, but names the version. */
    @Test
    void startsAnewIfTheRestIsOfAnotherVersion() throws Exception {
        server.with(FILE, BYTES);
        server.change(FILE, bytes(3, BYTES.length));
        server.next.add(server.breakingOffAfter(HALF));
        server.next.add(exchange -> {
            server.change(FILE, BYTES);
            server.serve(exchange, false);
        });
        pull();
        assertWhole();
        assertThat(talk).anyMatch(line -> line.contains("no longer the one that was begun"));
    }

    /** The same from a server that does not even name versions: only the checksum shows it. */
    @Test
    void startsAnewIfPiecesDoNotFit() throws Exception {
        server.with(FILE, BYTES);
        server.change(FILE, bytes(3, BYTES.length));
        server.next.add(exchange -> {
            exchange.sendResponseHeaders(200, BYTES.length);
            exchange.getResponseBody().write(server.file(exchange), 0, HALF);
            exchange.getResponseBody().flush();
        });
        server.next.add(exchange -> {
            server.change(FILE, BYTES);
            server.serve(exchange);
        });
        pull();
        assertWhole();
        assertThat(talk).anyMatch(line -> line.contains("do not have the right SHA-256 together; starting anew"));
    }

    @Test
    void refusesWrongBytes() throws Exception {
        server.with(FILE, BYTES);
        server.change(FILE, bytes(4, BYTES.length));
        assertThatThrownBy(this::pull)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("expected " + LoopbackHub.sha256(BYTES));
        assertNothingHalf();
        assertThat(Download.part(blob())).doesNotExist();
    }

    @Test
    void refusesAFileThatTheHubLinksToUnderAnotherHash() throws Exception {
        server.with(FILE, BYTES)
                .next
                .add(status(302, "Location", "/other", "X-Linked-ETag", "\"" + "a".repeat(64) + "\""));
        server.next.add(exchange -> LoopbackHub.send(exchange, 200, BYTES));
        assertThatThrownBy(this::pull).isInstanceOf(IOException.class).hasMessageContaining("a".repeat(64));
        assertNothingHalf();
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 1, 100_000})
    void refusesAnotherLengthThanListed(int more) throws Exception {
        server.with(FILE, BYTES);
        server.change(FILE, bytes(1, BYTES.length + more));
        assertThatThrownBy(this::pull)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("sends " + (BYTES.length + more) + " bytes, expected " + BYTES.length);
        assertNothingHalf();
    }

    @Test
    void refusesMoreThanListed() throws Exception {
        server.with(FILE, BYTES).next.add(exchange -> {
            exchange.sendResponseHeaders(200, 0); // In chunks, without a length.
            exchange.getResponseBody().write(bytes(1, BYTES.length + 1));
        });
        assertThatThrownBy(this::pull).isInstanceOf(IOException.class).hasMessageContaining("sends more than");
        assertNothingHalf();
    }

    @Test
    void asksAgainAfterLessThanListed() throws Exception {
        server.with(FILE, BYTES).next.add(exchange -> {
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write(BYTES, 0, HALF);
        });
        pull();
        assertWhole();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "bytes 0-599999/600000",
                "bytes 300000-599999/700000",
                "bytes 300000-700000/*",
                "bytes 99999999999999999999-1/1",
                "\u00e9"
            })
    void refusesAnotherRangeThanWanted(String range) throws Exception {
        server.with(FILE, BYTES).next.add(status(206, "Content-Range", range));
        Path part = Download.part(blob());
        Files.createDirectories(part.getParent());
        Files.write(part, Arrays.copyOf(BYTES, HALF));
        assertThatThrownBy(this::pull).isInstanceOf(IOException.class).hasMessageContaining("sends the range '");
        assertNothingHalf();
    }

    @Test
    void givesTheTokenToNobodyElse() throws Exception {
        try (LoopbackHub other = new LoopbackHub()) {
            other.with(FILE, BYTES);
            HttpHandler redirect = exchange -> status(
                            302, "Location", other.address() + "/x/" + COMMIT + "/" + FILE + "?signature=secret")
                    .handle(exchange);
            server.with(FILE, BYTES).next.addAll(List.of(redirect, redirect));
            other.next.add(other.breakingOffAfter(HALF));
            pull();
            assertWhole();
            assertThat(server.listings.getFirst().header("Authorization")).contains("Bearer " + TOKEN);
            assertThat(server.requests)
                    .allMatch(request -> request.header("Authorization").equals(Optional.of("Bearer " + TOKEN)))
                    .allMatch(request -> request.header("If-match").isEmpty());
            assertThat(other.requests)
                    .hasSize(2)
                    .allMatch(request -> request.header("Authorization").isEmpty());
            assertThat(other.requests.get(1).header("If-match")).isPresent();
            assertThat(String.join("\n", talk)).doesNotContain("secret").doesNotContain(TOKEN);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://example.com/x",
                "ftp://example.com/x",
                "file:///etc/passwd",
                "https://user:word@example.com/x",
                "https:///x",
                "//example.com/x",
                "mailto:x",
                "::",
                ""
            })
    void goesNowhereElse(String location) throws Exception {
        server.with(FILE, BYTES);
        HttpHandler redirect = status(302, "Location", location);
        for (int i = 0; i < 10; i++) {
            server.next.add(redirect);
        }
        assertThatThrownBy(this::pull).isInstanceOf(IOException.class).hasMessageContaining("redirects");
        assertNothingHalf();
    }

    @Test
    void followsFewRedirects() throws Exception {
        server.with(FILE, BYTES);
        for (int i = 0; i < 10; i++) {
            server.next.add(status(307, "Location", "/again"));
        }
        assertThatThrownBy(this::pull).isInstanceOf(IOException.class).hasMessageContaining("more than 5 times");
        assertThat(server.requests).hasSize(6);
    }

    /** The hub answers so for a repository that was renamed. */
    @Test
    void followsARenamedRepository() throws Exception {
        server.with(FILE, BYTES);
        server.listing = Optional.of(exchange -> {
            server.listing = Optional.empty();
            status(307, "Location", "/api/models/some/other").handle(exchange);
        });
        pull();
        assertWhole();
    }

    @Test
    void saysWhatTheHubDoesNotHave() throws Exception {
        server.listing = Optional.of(status(404, "X-Error-Message", "Repository not found"));
        assertThatThrownBy(this::pull)
                .isInstanceOf(UserError.class)
                .hasMessageContaining("answers 404 (Repository not found): there is no such repository");
        server.listing = Optional.of(status(401, "X-Error-Code", "GatedRepo"));
        assertThatThrownBy(this::pull)
                .isInstanceOf(UserError.class)
                .hasMessageContaining("its terms must be accepted")
                .hasMessageNotContaining(TOKEN);
        server.listing = Optional.of(status(403));
        assertThatThrownBy(this::pull).isInstanceOf(UserError.class).hasMessageContaining("HF_TOKEN");
        server.listing = Optional.empty();
        server.with(FILE, BYTES).next.add(status(404));
        assertThatThrownBy(this::pull).isInstanceOf(UserError.class).hasMessageContaining("answers 404");
        server.next.add(status(418));
        assertThatThrownBy(this::pull).isInstanceOf(IOException.class).hasMessageContaining("answers 418");
        assertNothingHalf();
    }

    @Test
    void waitsForABusyHub() throws Exception {
        server.with(FILE, BYTES).next.addAll(List.of(status(429, "Retry-After", "1"), status(503)));
        pull();
        assertWhole();
        assertThat(talk).anyMatch(line -> line.contains("answers 429, too many requests, expects a pause of 1 s"));
    }

    @Test
    void doesNotWaitForHours() throws Exception {
        server.listing = Optional.of(status(429, "Retry-After", "7200"));
        assertThatThrownBy(this::pull).isInstanceOf(IOException.class).hasMessageContaining("a pause of 7200 s");
        assertThat(server.listings).hasSize(1);
    }

    @Test
    void givesUpAtLast() throws Exception {
        server.with(FILE, BYTES);
        for (int i = 0; i < 10; i++) {
            server.next.add(status(500, "Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT"));
        }
        assertThatThrownBy(this::pull).isInstanceOf(IOException.class).hasMessageContaining("gave up after 3 attempts");
        assertThat(server.requests).hasSize(3);
    }

    /** Each time a little comes, which is no reason to give up. */
    @Test
    void goesOnWhileItGetsFarther() throws Exception {
        server.with(FILE, BYTES);
        int steps = 10;
        for (int i = 0; i < steps; i++) {
            server.next.add(exchange -> {
                int from = LoopbackHub.from(exchange);
                exchange.getResponseHeaders()
                        .add("Content-Range", "bytes " + from + "-" + (BYTES.length - 1) + "/" + BYTES.length);
                exchange.sendResponseHeaders(from == 0 ? 200 : 206, BYTES.length - from);
                exchange.getResponseBody().write(BYTES, from, BYTES.length / steps / 2);
                exchange.getResponseBody().flush();
            });
        }
        pull();
        assertWhole();
    }

    @Test
    void leavesAConnectionThatFallsSilent() throws Exception {
        server.with(FILE, BYTES).next.add(exchange -> {
            exchange.sendResponseHeaders(200, BYTES.length);
            exchange.getResponseBody().write(BYTES, 0, HALF);
            exchange.getResponseBody().flush();
            sleep(60_000);
        });
        pull(NAME, new Patience(20, Duration.ofMillis(1), Duration.ofSeconds(2), Duration.ofSeconds(1)));
        assertWhole();
        assertThat(talk).anyMatch(line -> line.contains("nothing came for 2 s"));
    }

    @Test
    void leavesAServerThatDoesNotAnswer() throws Exception {
        server.with(FILE, BYTES).next.add(exchange -> sleep(60_000));
        pull(NAME, new Patience(20, Duration.ofMillis(1), Duration.ofSeconds(2), Duration.ofSeconds(1)));
        assertWhole();
        assertThat(talk).anyMatch(line -> line.contains("no answer for 2 s"));
    }

    @Test
    void isPatientWithASlowConnection() throws Exception {
        byte[] few = bytes(5, 10);
        server.with(FILE, few).next.add(exchange -> {
            exchange.sendResponseHeaders(200, few.length);
            for (byte one : few) {
                exchange.getResponseBody().write(one);
                exchange.getResponseBody().flush();
                sleep(50);
            }
        });
        pull();
        assertThat(server.requests).hasSize(1);
        assertThat(Files.readAllBytes(cache.find(NAME).orElseThrow())).isEqualTo(few);
    }

    private static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // The test is over.
        }
    }

    @Test
    void isInterruptible() throws Exception {
        Thread main = Thread.currentThread();
        server.with(FILE, BYTES).next.add(exchange -> {
            exchange.sendResponseHeaders(200, BYTES.length);
            exchange.getResponseBody().write(BYTES, 0, HALF);
            exchange.getResponseBody().flush();
            sleep(200);
            main.interrupt();
            sleep(60_000);
        });
        assertThatThrownBy(this::pull)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("interrupted; what has come is kept");
        assertThat(Thread.interrupted()).isTrue();
        assertNothingHalf();
        pull();
        assertWhole();
    }

    @Test
    void takesAllPartsOfASplitModel() throws Exception {
        for (int i = 1; i <= 3; i++) {
            server.with("q2/m-0000" + i + "-of-00003.gguf", bytes(i, 1000));
        }
        server.with("q2/m-00001-of-00009.txt", bytes(9, 10));
        Pulled pulled = pull();
        assertThat(pulled.files()).hasSize(3);
        assertThat(cache.find(NAME)).contains(pulled.files().getFirst().path());
        Path third = pulled.files().get(2).path();
        assertThat(Files.readAllBytes(third)).isEqualTo(bytes(3, 1000));
        assertThat(cache.find(NAME.with("q2/m-00002-of-00003.gguf")))
                .contains(pulled.files().getFirst().path());
        Files.delete(third);
        assertThatThrownBy(() -> cache.find(NAME))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("m-00003-of-00003.gguf' is missing");
    }

    @Test
    void refusesASplitModelWithoutAPart() {
        server.with("m-00001-of-00002.gguf", BYTES);
        assertThatThrownBy(this::pull)
                .isInstanceOf(UserError.class)
                .hasMessageContaining("the part 'm-00002-of-00002.gguf' is missing");
        assertThat(server.requests).isEmpty();
    }

    @Test
    void listsTheChoices() throws Exception {
        server.with("a.gguf", BYTES).with("b.gguf", new byte[1500]);
        assertThatThrownBy(this::pull)
                .isInstanceOf(UserError.class)
                .hasMessageContaining("2 models in http://127.0.0.1")
                .hasMessageContaining("hf:some/tales:a.gguf (600.0 kB), hf:some/tales:b.gguf (1.5 kB)");
        assertThatThrownBy(() -> pull(NAME.with("c.gguf"), SHORT))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("no such file")
                .hasMessageContaining("hf:some/tales:a.gguf");
        pull(NAME.with("a.gguf"), SHORT);
        assertThat(cache.find(NAME)).as("the only one that is here").isPresent();
        assertThat(cache.find(NAME.with("b.gguf"))).isEmpty();
    }

    @Test
    void staysInItsDirectory() {
        for (String name :
                List.of("../../../x.gguf", "/x.gguf", "a/../x.gguf", "a\\x.gguf", "\u001b[2J.gguf", "c:x.gguf")) {
            server.with(name, BYTES);
        }
        assertThatThrownBy(this::pull).isInstanceOf(UserError.class).hasMessageContaining("there is no GGUF file");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "<html>",
                "[]",
                "{}",
                "{\"sha\": 1, \"siblings\": []}",
                "{\"sha\": \"../..\", \"siblings\": []}",
                "{\"sha\": \"0123456789abcdef0123456789abcdef01234567\", \"siblings\": [{\"rfilename\": \"a.gguf\"}]}",
                "{\"sha\": \"0123456789abcdef0123456789abcdef01234567\", \"siblings\": [{\"rfilename\": \"a.gguf\","
                        + " \"size\": -1}]}",
                "{\"sha\": \"0123456789abcdef0123456789abcdef01234567\", \"siblings\": [{\"rfilename\": \"a.gguf\","
                        + " \"size\": 1}]}"
            })
    void refusesAnswersOfOtherServers(String json) {
        server.listing =
                Optional.of(exchange -> LoopbackHub.send(exchange, 200, json.getBytes(StandardCharsets.UTF_8)));
        assertThatThrownBy(this::pull).isInstanceOf(IOException.class).hasMessageContaining("http://127.0.0.1");
    }

    /** A file that git keeps itself has the SHA-1 of a header and its bytes. */
    @Test
    void checksSmallFilesToo() throws Exception {
        byte[] hello = "hello\n".getBytes(StandardCharsets.UTF_8);
        JsonObject file = new JsonObject();
        file.addProperty("rfilename", FILE);
        file.addProperty("size", hello.length);
        file.addProperty("blobId", "ce013625030ba8dba906f756967f9e9ca394464a");
        server.with(FILE, hello, file);
        assertThat(pull().files().getFirst().hash()).isEqualTo("ce013625030ba8dba906f756967f9e9ca394464a");
        assertThat(cache.find(NAME)).isPresent();
    }

    @Test
    void saysThatTheDiskIsFull() throws Exception {
        Path full = Path.of("/dev/full");
        assumeTrue(Files.exists(full), "a disk that is always full is a device of Linux");
        server.with(FILE, BYTES);
        Path part = Download.part(blob());
        Files.createDirectories(part.getParent());
        Files.createSymbolicLink(part, full);
        assertThatThrownBy(this::pull)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("cannot be written: No space left on device")
                .hasMessageContaining("HF_HOME");
    }

    @Test
    void asksForRoomBeforeItBegins() {
        JsonObject lfs = new JsonObject();
        lfs.addProperty("sha256", "b".repeat(64));
        JsonObject file = new JsonObject();
        file.addProperty("rfilename", FILE);
        file.addProperty("size", Long.MAX_VALUE);
        file.add("lfs", lfs);
        server.with(FILE, BYTES, file);
        assertThatThrownBy(this::pull).isInstanceOf(IOException.class).hasMessageContaining("needs 9.2 EB");
        assertThat(server.requests).isEmpty();
    }

    @Test
    void leavesADownloadOfAnotherAlone() throws Exception {
        server.with(FILE, BYTES);
        Path part = Download.part(blob());
        Files.createDirectories(part.getParent());
        try (FileChannel other = FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            assertThat(other.tryLock()).isNotNull();
            assertThatThrownBy(this::pull).isInstanceOf(IOException.class).hasMessageContaining("another process");
        }
        pull();
        assertWhole();
    }

    @Test
    void saysThatABlobIsDamaged() throws Exception {
        server.with(FILE, BYTES);
        pull();
        Files.write(blob(), new byte[3]);
        assertThatThrownBy(this::pull).isInstanceOf(IOException.class).hasMessageContaining("has 3 bytes, expected");
    }

    @Test
    void saysThatNobodyAnswers() throws Exception {
        URI closed = server.address();
        server.close();
        Hub hub = new Hub(new Endpoint(closed, Optional.empty(), true), SHORT);
        assertThatThrownBy(() -> hub.pull(NAME, cache, Progress.NONE, talk::add))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no connection")
                .hasMessageContaining("gave up");
    }
}
