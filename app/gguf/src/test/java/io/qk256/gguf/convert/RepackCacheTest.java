package io.qk256.gguf.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.Progress;
import io.qk256.gguf.TensorType;
import io.qk256.gguf.layout.I2sLayout;
import io.qk256.gguf.layout.Qk256Codec;
import io.qk256.gguf.layout.WeightFile;
import io.qk256.spi.support.UserError;
import io.qk256.testing.Fixtures;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
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
    private final List<String> told = new ArrayList<>();

    @BeforeEach
    void writeModel() throws IOException {
        model = Files.write(dir.resolve("demo.gguf"), Fixtures.bytes("/io/qk256/app/check/demo-i2_s.gguf"));
        cached = dir.resolve("demo.qk256-cache.gguf");
    }

    /** Whether the cached file had to be made. */
    private boolean opensByMaking(I2sLayout layout) throws IOException {
        AtomicInteger steps = new AtomicInteger();
        Progress progress = (what, done, total) -> steps.addAndGet(what.equals("writing") ? 1 : 0);
        try (GgufFile file = RepackCache.open(model, layout, Optional.empty(), 2, progress, told::add)) {
            assertThat(file.name()).isEqualTo(cached.toString());
            assertThat(file.requireTensor("blk.0.attn_q.weight").type()).isEqualTo(TensorType.QK256);
            Qk256Codec.verify(file.requireTensor("blk.5.ffn_down.weight"));
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
        byte[] bytes = Files.readAllBytes(model);
        bytes[200] ^= 1; // A letter in the description.
        replaceModel(bytes);
        assertThat(opensByMaking()).as("the header").isTrue();
        replaceModel(java.util.Arrays.copyOf(bytes, bytes.length + 32));
        assertThat(opensByMaking()).as("the size").isTrue();
        assertThat(told).hasSize(2).allMatch(line -> line.contains("was made from another version of " + model));
        assertThat(opensByMaking()).isFalse();
    }

    /** Only the data differs: size, modification time and header are the same as before. */
    @Test
    void anotherModelOfTheSameSizeTimeAndHeaderMakesItAgain() throws IOException {
        assertThat(opensByMaking()).isTrue();
        byte[] bytes = Files.readAllBytes(model);
        bytes[bytes.length / 2] = (byte) (bytes[bytes.length / 2] == 0 ? 0x55 : 0);
        replaceModel(bytes);
        assertThat(opensByMaking()).isTrue();
    }

    @Test
    void theSameModelAtAnotherTimeDoesNot() throws IOException {
        assertThat(opensByMaking()).isTrue();
        byte[] good = Files.readAllBytes(cached);
        Files.setLastModifiedTime(model, FileTime.fromMillis(1_000_000_000_000L));
        assertThat(opensByMaking()).as("the time").isFalse();
        Path copy = Files.copy(model, dir.resolve("copy"));
        Files.move(copy, model, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        assertThat(opensByMaking()).as("another file with the same bytes").isFalse();
        assertThat(cached).hasBinaryContent(good);
        assertThat(told).isEmpty();
    }

    private void replaceModel(byte[] bytes) throws IOException {
        FileTime time = Files.getLastModifiedTime(model);
        Files.write(model, bytes);
        Files.setLastModifiedTime(model, time);
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
        changeCached(bytes -> {
            java.util.Arrays.fill(bytes, bytes.length / 4, bytes.length, (byte) 0);
            return bytes;
        });
        assertThat(opensByMaking()).as("zeros").isTrue();
        assertThat(told).hasSize(3).allMatch(line -> line.contains("is damaged and is made again: "));
    }

    /** Also in tensors that were copied, and in keys. */
    @Test
    void oneChangedBitAnywhereIsFound() throws IOException {
        assertThat(opensByMaking()).isTrue();
        byte[] good = Files.readAllBytes(cached);
        int tokens = new String(good, java.nio.charset.StandardCharsets.ISO_8859_1).indexOf("tokenizer.ggml.tokens");
        int data;
        try (GgufFile file = WeightFile.open(cached)) {
            MemorySegment bytes = file.parts().getFirst().bytes();
            data = Math.toIntExact(bytes.byteSize());
            for (GgufTensor tensor : file.tensors()) {
                if (tensor.name().equals("token_embd.weight") || tensor.name().equals("output_norm.weight")) {
                    long at = tensor.data().address() - bytes.address();
                    assertDamageIsFound(good, Math.toIntExact(at + tensor.data().byteSize() / 2));
                }
            }
        }
        assertThat(data).isEqualTo(good.length);
        assertDamageIsFound(good, tokens + 1000);
    }

    private void assertDamageIsFound(byte[] good, int at) throws IOException {
        told.clear();
        byte[] bad = good.clone();
        bad[at] ^= 1;
        Files.write(dir.resolve("bad"), bad);
        Files.move(dir.resolve("bad"), cached, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        assertThat(opensByMaking()).as("bit at " + at).isTrue();
        assertThat(told).singleElement().asString().contains("is damaged and is made again");
        assertThat(cached).hasBinaryContent(good);
    }

    @Test
    void aFileThatIsNoCacheIsNeverReplaced() throws IOException {
        byte[] converted = Fixtures.bytes("/io/qk256/app/check/demo-tq2_0.gguf");
        for (byte[] others :
                new byte[][] {new byte[0], {1, 2, 3}, Fixtures.bytes("gguf_cases/00_ok.gguf"), converted}) {
            Files.write(cached, others);
            assertThatThrownBy(this::opensByMaking)
                    .isInstanceOf(UserError.class)
                    .hasMessageContaining(cached + ": already exists and is not a cached model");
            assertThat(cached).hasBinaryContent(others);
        }
        Files.delete(cached);
        Files.createDirectory(cached);
        assertThatThrownBy(this::opensByMaking).isInstanceOf(UserError.class);
    }

    @Test
    void aDirectoryTellsModelsOfOneNameApart() throws IOException {
        Path caches = dir.resolve("new/caches");
        Path other =
                Files.copy(model, Files.createDirectory(dir.resolve("other")).resolve("demo.gguf"));
        for (Path path : new Path[] {model, other, model}) {
            try (GgufFile file =
                    RepackCache.open(path, I2sLayout.X86, Optional.of(caches), 1, Progress.NONE, told::add)) {
                assertThat(Path.of(file.name()).getParent()).isEqualTo(caches);
                assertThat(file.name()).matches(".*demo-[0-9a-f]{16}\\.qk256-cache\\.gguf");
            }
        }
        try (Stream<Path> files = Files.list(caches)) {
            assertThat(files).hasSize(2);
        }
    }

    @Test
    void whatIsConvertedAlreadyIsOpenedItself() throws IOException {
        assertThat(opensByMaking()).isTrue();
        try (GgufFile file = RepackCache.open(cached, I2sLayout.X86, Optional.empty(), 1, Progress.NONE, told::add)) {
            assertThat(file.name()).isEqualTo(cached.toString());
        }
    }

    @Test
    void aBrokenModelIsRefusedAndLeavesNothing() throws IOException {
        byte[] bytes = Files.readAllBytes(model);
        bytes[bytes.length - 100] = -1; // Code 3.
        Files.write(model, bytes);
        assertThatThrownBy(() -> RepackCache.open(model, I2sLayout.X86, Optional.empty(), 1, Progress.NONE, told::add))
                .isInstanceOf(GgufException.class)
                .hasMessageContaining("code 3");
        try (Stream<Path> files = Files.list(dir)) {
            assertThat(files).containsExactly(model);
        }
    }
}
