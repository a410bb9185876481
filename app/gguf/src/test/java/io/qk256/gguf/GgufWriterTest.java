package io.qk256.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.spi.support.OutputFile;
import io.qk256.testing.Fixtures;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GgufWriterTest {

    @TempDir
    private Path dir;

    /** The fixture was made by ggml's own writer. */
    @Test
    void writesTheBytesThatGgmlWrites() throws IOException {
        byte[] wanted = Fixtures.bytes("gguf_allkv.gguf");
        GgufFile source = GgufFile.of(Fixtures.segment(wanted), "fixture");
        GgufWriter writer = new GgufWriter()
                .text("general.architecture", "fixture")
                .integer("k.u8", ValueType.U8, 200)
                .integer("k.i8", ValueType.I8, -100)
                .integer("k.u16", ValueType.U16, 60_000)
                .integer("k.i16", ValueType.I16, -30_000)
                .integer("k.u32", ValueType.U32, 4_000_000_000L)
                .integer("k.i32", ValueType.I32, -2_000_000_000)
                .real("k.f32", ValueType.F32, 0.1f)
                .integer("k.u64", ValueType.U64, Long.parseUnsignedLong("18000000000000000000"))
                .integer("k.i64", ValueType.I64, -9_000_000_000_000_000_000L)
                .real("k.f64", ValueType.F64, 0.1)
                .bool("k.bool_t", true)
                .bool("k.bool_f", false)
                .text("k.str_empty", "")
                .text("k.str_utf8", "héllo € 😀 Ġ")
                .texts("k.arr_str", List.of("a", "", "Ġworld"))
                .reals("k.arr_f32", ValueType.F32, 0, -1.5, 3.25)
                .integers("k.arr_i32", ValueType.I32, 1, -2, 3)
                .bools("k.arr_bool", true, false, true)
                .integers("k.arr_u64", ValueType.U64, 1, 2);
        source.tensors().forEach(tensor -> writer.tensor(tensor.name(), tensor.type(), tensor.dims(), tensor.data()));
        Path path = dir.resolve("out.gguf");

        writer.write(OutputFile.of(path));

        assertThat(Files.readAllBytes(path)).isEqualTo(wanted);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"gguf_allkv.gguf", "/io/qk256/app/check/demo-i2_s.gguf", "/io/qk256/app/check/demo-tq2_0.gguf"})
    void aCopyHasTheBytesOfTheOriginal(String fixture) throws IOException {
        byte[] wanted = Fixtures.bytes(fixture);
        GgufFile source = GgufFile.of(MemorySegment.ofArray(wanted), fixture);
        GgufWriter writer = new GgufWriter();
        source.metadata().values().forEach(writer::copy);
        source.tensors().forEach(tensor -> writer.tensor(tensor.name(), tensor.type(), tensor.dims(), tensor.data()));
        Path path = dir.resolve("copy.gguf");

        writer.write(OutputFile.of(path));

        assertThat(Files.readAllBytes(path)).isEqualTo(wanted);
    }

    @Test
    void alignmentIsKept() throws IOException {
        Path path = dir.resolve("aligned.gguf");
        MemorySegment one = MemorySegment.ofArray(new byte[] {1});
        new GgufWriter()
                .alignment(256)
                .tensor("a", TensorType.I8, List.of(1L), one)
                .tensor("b", TensorType.I8, List.of(1L), one)
                .write(OutputFile.of(path));

        try (GgufFile file = GgufFile.open(path)) {
            assertThat(file.alignment()).isEqualTo(256);
            assertThat(file.requireTensor("b").data().address() % 256).isZero();
        }
    }

    @Test
    void aFileAppearsWholeOrNotAtAll() throws IOException {
        Path path = dir.resolve("out.gguf");
        Files.writeString(path, "what was there");
        GgufWriter writer = new GgufWriter().tensor("t", TensorType.F32, List.of(1L), 4, arena -> {
            throw new IOException("no more bytes");
        });

        assertThatThrownBy(() -> writer.write(OutputFile.of(path))).hasMessage("no more bytes");

        assertThat(path).hasContent("what was there");
        try (Stream<Path> files = Files.list(dir)) {
            assertThat(files).containsExactly(path);
        }
    }

    @Test
    void aPlaceThatIsNotThereIsTold() {
        Path path = dir.resolve("absent/out.gguf");
        assertThatThrownBy(() -> new GgufWriter().write(OutputFile.of(path)))
                .isInstanceOf(IOException.class)
                .hasMessage(path + ": cannot be written: there is no directory " + dir.resolve("absent")
                        + "; choose another location");
    }

    @Test
    void whatAReaderWouldRefuseIsRefused() {
        GgufWriter writer = new GgufWriter().bool("k", true);
        MemorySegment four = MemorySegment.ofArray(new byte[4]);
        refused("key k: is a duplicate", () -> writer.bool("k", true));
        refused("key : is not allowed", () -> writer.bool("", true));
        refused("key ü: is not allowed", () -> writer.bool("ü", true));
        refused("256 does not fit in u8", () -> writer.integer("a", ValueType.U8, 256));
        refused("-1 does not fit in u16", () -> writer.integer("b", ValueType.U16, -1));
        refused("128 does not fit in i8", () -> writer.integer("c", ValueType.I8, 128));
        refused("-129 does not fit in i8", () -> writer.integer("d", ValueType.I8, -129));
        refused("1 as f32, expected an integer type", () -> writer.integer("e", ValueType.F32, 1));
        refused("1.0 as u8, expected f32 or f64", () -> writer.real("f", ValueType.U8, 1));
        refused("alignment: 24", () -> writer.alignment(24));
        refused("4 bytes for dimensions [2], expected 8", () -> writer.tensor("t", TensorType.F32, List.of(2L), four));
        refused("expected 1 to 4 dimensions", () -> writer.tensor("u", TensorType.TQ2_0, List.of(4L), four));
        refused("expected 1 to 4 dimensions", () -> writer.tensor("v", TensorType.F32, List.of(), four));
        refused("QK256, expected a type that has", () -> writer.tensor("w", TensorType.QK256, List.of(4L), four));
        refused(
                "65 bytes, expected a unique name",
                () -> writer.tensor("x".repeat(65), TensorType.I8, List.of(4L), four));
    }

    private static void refused(String reason, Runnable call) {
        assertThatThrownBy(call::run)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(reason);
    }
}
