package io.qk256.app.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.spi.support.UserError;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Names of models, where they are on this machine, and which server is asked. */
class HubCacheTest {

    private static final HubName NAME = HubName.parse("hf:some/tales");
    private static final String COMMIT = "c0ffee" + "0".repeat(34);

    @TempDir
    private Path dir;

    private static Optional<String> lookUp(Map<String, String> environment, String name) {
        return Optional.ofNullable(environment.get(name));
    }

    private static String directory(Map<String, String> environment) {
        return HubCache.of(name -> lookUp(environment, name), "/home/u")
                .directory()
                .toString();
    }

    @Test
    void isWhereTheHubsToolsHaveIt() {
        assertThat(directory(Map.of())).isEqualTo("/home/u/.cache/huggingface/hub");
        assertThat(directory(Map.of("XDG_CACHE_HOME", "/x"))).isEqualTo("/x/huggingface/hub");
        assertThat(directory(Map.of("XDG_CACHE_HOME", "/x", "HF_HOME", "/h"))).isEqualTo("/h/hub");
        assertThat(directory(Map.of("HF_HOME", "~/h"))).isEqualTo("/home/u/h/hub");
        assertThat(directory(Map.of("HF_HOME", "/h", "HUGGINGFACE_HUB_CACHE", "/old")))
                .isEqualTo("/old");
        assertThat(directory(Map.of("HF_HOME", "/h", "HUGGINGFACE_HUB_CACHE", "/old", "HF_HUB_CACHE", "/c")))
                .isEqualTo("/c");
    }

    private Path snapshot() {
        return dir.resolve("models--some--tales/snapshots").resolve(COMMIT);
    }

    private void ref(String text) throws IOException {
        Path refs = Files.createDirectories(dir.resolve("models--some--tales/refs"));
        Files.writeString(refs.resolve("main"), text);
    }

    @Test
    void findsWhatOtherToolsHaveDownloaded() throws Exception {
        HubCache cache = new HubCache(dir);
        assertThat(cache.find(NAME)).isEmpty();
        ref(COMMIT + "\n");
        assertThat(cache.find(NAME)).as("there is a commit, and nothing of it").isEmpty();
        Path deep = snapshot().resolve("q2/tales.gguf");
        Files.createDirectories(deep.getParent());
        Files.writeString(snapshot().resolve("README.md"), "no model");
        Files.createSymbolicLink(deep, Path.of("../../../blobs/absent"));
        assertThat(cache.find(NAME)).as("its download is not complete").isEmpty();
        Path blobs = Files.createDirectories(dir.resolve("models--some--tales/blobs"));
        Files.writeString(blobs.resolve("absent"), "bytes");
        assertThat(cache.find(NAME)).contains(deep);
        assertThat(cache.find(NAME.with("q2/tales.gguf"))).contains(deep);
        assertThat(cache.find(NAME.with("q3/tales.gguf"))).isEmpty();
        Files.writeString(snapshot().resolve("other.gguf"), "bytes");
        assertThat(cache.find(NAME.with("q2/tales.gguf"))).contains(deep);
        assertThatThrownBy(() -> cache.find(NAME))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("hf:some/tales:other.gguf (5 bytes), hf:some/tales:q2/tales.gguf (5 bytes)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "../../..", "main", "\u001b[2J"})
    void refusesARefThatIsNoCommit(String text) throws Exception {
        ref(text);
        assertThatThrownBy(() -> new HubCache(dir).find(NAME))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("does not hold the id of a commit");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "hf:",
                "hf:some",
                "hf:some/",
                "hf:/tales",
                "hf:some/tales/x.gguf",
                "hf:some/tales:",
                "hf:some/tales:x.bin",
                "hf:some/tales:../x.gguf",
                "hf:some/tales:/x.gguf",
                "hf:some/tales:a//x.gguf",
                "hf:some/..",
                "hf:../tales",
                "hf:so--me/tales",
                "hf:some/ta les",
                "hf:some/tales:\u001b.gguf",
                "hf:some/tales:a\nb.gguf",
                "hf:-some/tales",
                "some/tales"
            })
    void refusesOtherNames(String text) {
        assertThatThrownBy(() -> HubName.parse(text))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("expected");
    }

    @ParameterizedTest
    @ValueSource(strings = {"hf:microsoft/bitnet-b1.58-2B-4T-gguf", "hf:a/b", "hf:a_/_b:c d/é+%.gguf"})
    void readsNames(String text) {
        assertThat(HubName.parse(text)).hasToString(text);
    }

    @ParameterizedTest
    @CsvSource({
        "m-00001-of-00003.gguf, 3",
        "m-00003-of-00003.gguf, 3",
        "m-00004-of-00003.gguf, 1",
        "m-00000-of-00000.gguf, 1",
        "m-00001-of-99999.gguf, 1",
        "m-1-of-3.gguf, 1",
        "m.gguf, 1"
    })
    void knowsPartsByTheirNames(String name, int count) {
        assertThat(Choice.parts(name)).hasSize(count).contains(name);
    }

    private static Endpoint endpoint(Map<String, String> environment, boolean plain) {
        return Endpoint.of(
                name -> lookUp(environment, name),
                name -> plain && name.equals(Endpoint.PLAIN_LOOPBACK) ? Optional.of("true") : Optional.empty());
    }

    @Test
    void asksTheServerThatTheEnvironmentNames() {
        assertThat(endpoint(Map.of(), false).address()).hasToString("https://huggingface.co");
        Endpoint mirror = endpoint(Map.of("HF_ENDPOINT", "https://mirror.example/hub/", "HF_TOKEN", "t\n"), false);
        assertThat(mirror.listing(NAME))
                .hasToString("https://mirror.example/hub/api/models/some/tales/revision/main?blobs=true");
        assertThat(mirror.file(
                        NAME,
                        COMMIT,
                        new HubFile(
                                "a é#?%.gguf",
                                1, Checksum.sha256("0".repeat(64)).orElseThrow())))
                .hasToString("https://mirror.example/hub/some/tales/resolve/" + COMMIT + "/a%20%C3%A9%23%3F%25.gguf");
        assertThat(mirror.token()).contains("t");
        assertThat(endpoint(Map.of("HF_ENDPOINT", "http://localhost:1"), true).address())
                .hasToString("http://localhost:1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://huggingface.co",
                "http://localhost.example",
                "huggingface.co",
                "file:///etc",
                "https://",
                "https://a b",
                "https://user@huggingface.co"
            })
    void asksNoServerWithoutEncryption(String address) {
        assertThatThrownBy(() -> endpoint(Map.of("HF_ENDPOINT", address), true)).isInstanceOf(UserError.class);
    }

    @Test
    void asksNobodyIfTheEnvironmentSaysSo() {
        assertThatThrownBy(() -> endpoint(Map.of("HF_ENDPOINT", "http://127.0.0.1:1"), false))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("with https");
        assertThatThrownBy(() -> endpoint(Map.of("HF_HUB_OFFLINE", "1"), false))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("HF_HUB_OFFLINE is set");
        assertThat(endpoint(Map.of("HF_HUB_OFFLINE", "0"), false).token()).isEmpty();
        assertThatThrownBy(() -> endpoint(Map.of("HF_TOKEN", "sec\nret"), false))
                .isInstanceOf(UserError.class)
                .hasMessageNotContaining("ret\"")
                .hasMessageNotContaining("sec");
    }

    @Test
    void tellsServersApart() {
        Endpoint hub = endpoint(Map.of(), false);
        for (String own : List.of("https://huggingface.co/x", "https://HUGGINGFACE.CO:443")) {
            assertThat(hub.isOwn(URI.create(own))).as(own).isTrue();
        }
        for (String other : List.of(
                "https://cdn.huggingface.co/x",
                "https://huggingface.co.example/x",
                "https://huggingface.co:444",
                "http://huggingface.co/x",
                "https://example.com/huggingface.co")) {
            assertThat(hub.isOwn(URI.create(other))).as(other).isFalse();
        }
    }
}
