package io.qk256.app.modulepath;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.qk256.app.hub.LoopbackHub;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The packaged application downloads a model from a hub on this machine, and runs it under its name there. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class PullIT {

    private static final String FILE = "two bits/tales q2.gguf";

    @TempDir
    private Path dir;

    private LoopbackHub hub;
    private byte[] model = {};

    @BeforeEach
    void start() throws IOException {
        try (InputStream demo = getClass().getResourceAsStream("/io/qk256/app/check/demo-tq2_0.gguf")) {
            model = Objects.requireNonNull(demo).readAllBytes();
        }
        hub = new LoopbackHub().with(FILE, model);
    }

    @AfterEach
    void stop() {
        hub.close();
    }

    private Application application() throws IOException {
        return Application.complete()
                .jvm("-Dqk256.hub.plainLoopback=true")
                .environment("HF_ENDPOINT", hub.address().toString())
                .environment("HF_HOME", dir.toString());
    }

    @Test
    void downloadsAModelAndRunsIt() throws Exception {
        Application.Result before = application().run("run", "-m", "hf:some/tales", "-n", "3");
        assertThat(before.exit()).isEqualTo(2);
        assertThat(before.err()).contains("is not in the cache of the hub").contains("pull hf:some/tales");
        assertThat(dir).isEmptyDirectory();

        Application.Result pull = application().run("pull", "hf:some/tales");
        assertThat(pull.exit()).as(pull.err()).isZero();
        Path file = Path.of(pull.out().strip());
        assertThat(file).startsWithRaw(dir.resolve("hub/models--some--tales/snapshots"));
        assertThat(Files.readAllBytes(file)).isEqualTo(model);

        Application.Result again = application().run("pull", "--json", "hf:some/tales:" + FILE);
        JsonObject json = JsonParser.parseString(again.out()).getAsJsonObject();
        JsonObject one = json.getAsJsonArray("files").get(0).getAsJsonObject();
        assertThat(one.get("path").getAsString()).isEqualTo(file.toString());
        assertThat(one.get("downloaded").getAsBoolean()).isFalse();

        Application.Result run = application().run("run", "-m", "hf:some/tales", "-n", "3", "--temp=0", "--threads=1");
        assertThat(run.exit()).as(run.err()).isZero();
        Application.Result inspect = application().run("inspect", "hf:some/tales:" + FILE);
        assertThat(inspect.exit()).as(inspect.err()).isZero();
    }

    /** What has come is kept, and the next call continues. */
    @Test
    void isInterrupted() throws Exception {
        hub.stalling(model.length / 2);
        Path err = dir.resolve("err");
        Process pull = application()
                .builder("pull", "hf:some/tales")
                .redirectError(err.toFile())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        Path blobs = dir.resolve("hub/models--some--tales/blobs");
        while (size(blobs) == 0) {
            assertThat(pull.waitFor(20, TimeUnit.MILLISECONDS))
                    .as(Files.readString(err))
                    .isFalse();
        }
        pull.destroy(); // SIGTERM, which nobody ignores; Ctrl-C takes the same way.
        assertThat(pull.waitFor()).isEqualTo(143);
        assertThat(Files.readString(err)).contains("interrupted; what has come is kept");

        Application.Result again = application().run("pull", "hf:some/tales");
        assertThat(again.exit()).as(again.err()).isZero();
        assertThat(again.err()).contains("continuing after");
        assertThat(Files.readAllBytes(Path.of(again.out().strip()))).isEqualTo(model);
    }

    private static long size(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return 0;
        }
        long size = 0;
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                size += Files.size(file);
            }
        }
        return size;
    }
}
