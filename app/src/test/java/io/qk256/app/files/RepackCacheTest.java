package io.qk256.app.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.app.files.Repack.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RepackCacheTest {

    @TempDir
    private Path dir;

    private Path model = Path.of("");
    private Path cached = Path.of("");

    @BeforeEach
    void writeModel() throws IOException {
        model = Files.write(dir.resolve("demo.gguf"), Fixtures.bytes("/io/qk256/app/check/demo-i2_s.gguf"));
        cached = dir.resolve("demo.qk256.gguf");
    }

    /** Whether the cached file had to be made. */
    private boolean opensByMaking(I2sLayout layout) throws IOException {
        AtomicInteger steps = new AtomicInteger();
        Progress progress = (done, total) -> steps.incrementAndGet();
        try (GgufFile file = RepackCache.open(model, layout, Optional.empty(), 2, progress)) {
            assertThat(file.name()).isEqualTo(cached.toString());
            assertThat(file.requireTensor("blk.0.attn_q.weight").type()).isEqualTo(TensorType.QK256);
            Qk256Store.verify(file.requireTensor("blk.5.ffn_down.weight"));
        }
        return steps.get() > 0;
    }

    private boolean opensByMaking() throws IOException {
        return opensByMaking(I2sLayout.X86);
    }

    private void changeCached(UnaryOperator<byte[]> change) throws IOException {
        Files.write(cached, change.apply(Files.readAllBytes(cached)));
    }

    @Test
    void isMadeOnceAndUsedAfterwards() throws IOException {
        assertThat(opensByMaking()).isTrue();
        assertThat(opensByMaking()).isFalse();
        try (Stream<Path> files = Files.list(dir)) {
            assertThat(files).containsExactlyInAnyOrder(model, cached);
        }
    }

    @Test
    void anotherSourceMakesItAgain() throws IOException {
        assertThat(opensByMaking()).isTrue();
        Files.setLastModifiedTime(model, FileTime.fromMillis(1_000_000_000_000L));
        assertThat(opensByMaking()).as("the time").isTrue();
        FileTime time = Files.getLastModifiedTime(model);
        byte[] bytes = Files.readAllBytes(model);
        bytes[200] ^= 1; // A letter in the description.
        Files.write(model, bytes);
        Files.setLastModifiedTime(model, time);
        assertThat(opensByMaking()).as("the header").isTrue();
        Files.write(model, new byte[32], java.nio.file.StandardOpenOption.APPEND);
        Files.setLastModifiedTime(model, time);
        assertThat(opensByMaking()).as("the size").isTrue();
        assertThat(opensByMaking()).isFalse();
    }

    @Test
    void anotherLayoutMakesItAgain() throws IOException {
        assertThat(opensByMaking()).isTrue();
        assertThat(opensByMaking(I2sLayout.ARM)).isTrue();
        assertThat(opensByMaking()).isTrue();
    }

    @Test
    void aDamagedFileIsMadeAgain() throws IOException {
        assertThat(opensByMaking()).isTrue();
        byte[] good = Files.readAllBytes(cached);
        changeCached(bytes -> java.util.Arrays.copyOf(bytes, bytes.length / 2));
        assertThat(opensByMaking()).as("cut off").isTrue();
        assertThat(cached).hasBinaryContent(good);
        changeCached(bytes -> {
            bytes[bytes.length - 1000] ^= 8;
            return bytes;
        });
        assertThat(opensByMaking()).as("a changed weight").isTrue();
        assertThat(cached).hasBinaryContent(good);
        changeCached(bytes -> new byte[0]);
        assertThat(opensByMaking()).as("empty").isTrue();
        changeCached(bytes -> Fixtures.bytes("gguf_cases/00_ok.gguf"));
        assertThat(opensByMaking()).as("another file").isTrue();
    }

    @Test
    void aDirectoryTellsModelsOfOneNameApart() throws IOException {
        Path caches = dir.resolve("new/caches");
        Path other =
                Files.copy(model, Files.createDirectory(dir.resolve("other")).resolve("demo.gguf"));
        for (Path path : new Path[] {model, other, model}) {
            try (GgufFile file = RepackCache.open(path, I2sLayout.X86, Optional.of(caches), 1, Progress.NONE)) {
                assertThat(Path.of(file.name()).getParent()).isEqualTo(caches);
                assertThat(file.name()).matches(".*demo-[0-9a-f]{16}\\.qk256\\.gguf");
            }
        }
        try (Stream<Path> files = Files.list(caches)) {
            assertThat(files).hasSize(2);
        }
    }

    @Test
    void whatIsConvertedAlreadyIsOpenedItself() throws IOException {
        assertThat(opensByMaking()).isTrue();
        try (GgufFile file = RepackCache.open(cached, I2sLayout.X86, Optional.empty(), 1, Progress.NONE)) {
            assertThat(file.name()).isEqualTo(cached.toString());
        }
    }

    @Test
    void aBrokenModelIsRefusedAndLeavesNothing() throws IOException {
        byte[] bytes = Files.readAllBytes(model);
        bytes[bytes.length - 100] = -1; // Code 3.
        Files.write(model, bytes);
        assertThatThrownBy(() -> RepackCache.open(model, I2sLayout.X86, Optional.empty(), 1, Progress.NONE))
                .isInstanceOf(GgufException.class)
                .hasMessageContaining("code 3");
        try (Stream<Path> files = Files.list(dir)) {
            assertThat(files).containsExactly(model);
        }
    }
}
