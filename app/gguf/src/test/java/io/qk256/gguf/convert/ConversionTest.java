package io.qk256.gguf.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.GgufWriter;
import io.qk256.gguf.Progress;
import io.qk256.gguf.TensorType;
import io.qk256.gguf.ValueType;
import io.qk256.gguf.convert.Conversion.Report;
import io.qk256.gguf.convert.Conversion.Target;
import io.qk256.gguf.layout.Encoder;
import io.qk256.gguf.layout.PlainDecoder;
import io.qk256.gguf.layout.Repack;
import io.qk256.gguf.layout.WeightFile;
import io.qk256.spi.Codebook;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.support.OutputFile;
import io.qk256.spi.support.UserError;
import io.qk256.testing.Fixtures;
import io.qk256.testing.GgufBuilder;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConversionTest {

    private static final String I2S = "/io/qk256/app/check/demo-i2_s.gguf";
    private static final String TQ2 = "/io/qk256/app/check/demo-tq2_0.gguf";

    @TempDir
    private Path dir;

    private Path fixture(String name) throws IOException {
        return Files.write(dir.resolve("source.gguf"), Fixtures.bytes(name));
    }

    private Path convert(Path from, Target target) throws IOException {
        Path to = dir.resolve(from.getFileName() + "." + target);
        try (GgufFile file = WeightFile.open(from)) {
            Report report = Conversion.convert(file, OutputFile.of(to), target, false, 2, Progress.NONE);
            assertThat(report).isEqualTo(new Report(42, 26, 0));
        }
        return to;
    }

    /** The same program made both files from the same model; only the packing differs. */
    @ParameterizedTest
    @CsvSource({
        I2S + ", TQ2_0, " + TQ2,
        TQ2 + ", I2_S, " + I2S,
        I2S + ", I2_S, " + I2S,
        TQ2 + ", TQ2_0, " + TQ2,
    })
    void twoPackingsOfOneModelBecomeEachOtherByteForByte(String from, Target target, String wanted) throws IOException {
        Path source = fixture(from);

        assertThat(convert(source, target)).hasBinaryContent(Fixtures.bytes(wanted));
        Path stored = convert(source, Target.QK256);
        assertThat(convert(stored, target)).as("through QK256").hasBinaryContent(Fixtures.bytes(wanted));
    }

    @Test
    void qk256IsReadWhereItLies() throws IOException {
        Path source = fixture(I2S);
        try (GgufFile before = WeightFile.open(source);
                GgufFile after = WeightFile.open(convert(source, Target.QK256));
                Arena arena = Arena.ofConfined()) {
            assertThat(after.alignment()).isEqualTo(64);
            assertThat(after.require("general.file_type").asInteger(0, 2000)).isEqualTo(1024);
            for (GgufTensor tensor : before.tensors()) {
                GgufTensor other = after.requireTensor(tensor.name());
                assertThat(other.dims()).isEqualTo(tensor.dims());
                if (tensor.type() != TensorType.I2_S) {
                    assertThat(other.type()).isEqualTo(tensor.type());
                    assertThat(other.data().mismatch(tensor.data())).isEqualTo(-1);
                    continue;
                }
                Qk256Matrix wanted = Repack.repack(tensor, arena);
                Qk256Matrix seen = Repack.repack(other, arena);
                assertThat(seen.codes().asOverlappingSlice(other.data())).isPresent();
                assertThat(seen.codes().address() % 64).isZero();
                assertThat(seen.codes().mismatch(wanted.codes())).isEqualTo(-1);
                assertThat(seen.tensorScale()).isEqualTo(wanted.tensorScale());
            }
        }
    }

    @Test
    void blockScalesAreKept() throws IOException {
        Path source = dir.resolve("blocks.gguf");
        MemorySegment blocks = Fixtures.ofProof("tq2_0.blocks");
        new GgufWriter()
                .tensor("t", TensorType.TQ2_0, List.of(512L, 64L), blocks)
                .write(OutputFile.of(source));
        List<String> heard = new ArrayList<>();
        Path stored = dir.resolve("stored.gguf");
        Path back = dir.resolve("back.gguf");
        try (GgufFile file = WeightFile.open(source)) {
            Conversion.convert(
                    file,
                    OutputFile.of(stored),
                    Target.QK256,
                    false,
                    1,
                    (what, done, total) -> heard.add(what + ", " + (total - done) + " left"));
        }
        try (GgufFile file = WeightFile.open(stored)) {
            Conversion.convert(file, OutputFile.of(back), Target.TQ2_0, false, 1, Progress.NONE);
            assertThatThrownBy(() -> Conversion.convert(
                            file, OutputFile.of(dir.resolve("x")), Target.I2_S, false, 1, Progress.NONE))
                    .isInstanceOf(GgufException.class)
                    .hasMessageContainingAll(
                            "tensor t of QK256", "row 0 from column 256 on have the scale", "i2_s has one scale");
        }
        try (GgufFile file = WeightFile.open(back)) {
            assertThat(file.requireTensor("t").data().mismatch(blocks)).isEqualTo(-1);
        }
        assertThat(heard).containsExactly("checking, 0 left", "writing, 0 left");
    }

    /** Also through QK256, which keeps groups and the type of scales. */
    @ParameterizedTest
    @CsvSource({
        "TQ1_0, tq1_0, 64",
        "Q2_0, q2_0, 4",
        "PQ2_0, groups/q2_0_g128, 8",
        "PTQ1_0, groups/ptq1_0, 8",
        "Q2_0, groups/q2_0_codes, 8"
    })
    void everyTypeComesBackByteForByte(TensorType type, String fixture, int rows) throws IOException {
        MemorySegment blocks = Fixtures.segment(fixture + ".blocks");
        Path source = dir.resolve("source.gguf");
        Path stored = dir.resolve("stored.gguf");
        Path back = dir.resolve("back.gguf");
        new GgufWriter().tensor("t", type, List.of(512L, (long) rows), blocks).write(OutputFile.of(source));
        try (GgufFile file = WeightFile.open(source)) {
            Conversion.convert(file, OutputFile.of(stored), Target.QK256, false, 1, Progress.NONE);
        }
        try (GgufFile file = WeightFile.open(stored)) {
            GgufTensor tensor = file.requireTensor("t");
            assertThat(tensor.data().byteSize()).isEqualTo(64 + rows * (128 + 2 * 512 / type.blockWeights()));
            Conversion.convert(file, OutputFile.of(back), Target.valueOf(type.name()), false, 1, Progress.NONE);
        }
        try (GgufFile file = WeightFile.open(back)) {
            assertThat(file.requireTensor("t").type()).isEqualTo(type);
            assertThat(file.requireTensor("t").data().mismatch(blocks)).isEqualTo(-1);
        }
    }

    @Test
    void smallerGroupsHoldTheScalesOfLargerOnes() throws IOException {
        Path source = dir.resolve("source.gguf");
        Path out = dir.resolve("out.gguf");
        MemorySegment blocks = Fixtures.segment("groups/q2_0_g128.blocks");
        new GgufWriter()
                .tensor("t", TensorType.PQ2_0, List.of(512L, 8L), blocks)
                .write(OutputFile.of(source));
        try (GgufFile file = WeightFile.open(source)) {
            Conversion.convert(file, OutputFile.of(out), Target.Q2_0, false, 1, Progress.NONE);
            refused(
                    file,
                    Target.TQ2_0,
                    "tensor t of PQ2_0 (type 142), 8x512: the weights of row 0 from column 128 on have the scale",
                    "TQ2_0 (type 35) has one scale for 256 weights");
            refused(file, Target.PTQ1_0, "is 2.0 before scaling, which PTQ1_0 (type 143) cannot hold");
        }
        try (GgufFile file = WeightFile.open(out)) {
            assertThat(file.requireTensor("t").data().mismatch(Fixtures.segment("groups/q2_0_g128_as_g64.blocks")))
                    .isEqualTo(-1);
        }
    }

    /** A file with one stored matrix of one row. */
    private GgufFile stored(Codebook codebook, int cols, float scale) throws IOException {
        Path path = dir.resolve("one.gguf");
        try (Arena arena = Arena.ofConfined()) {
            byte[] codes = new byte[cols];
            codes[cols - 1] = 1;
            MemorySegment row = arena.allocate(Qk256.rowBytes(cols));
            Qk256.pack(codes, row);
            Qk256Matrix matrix = Qk256Matrix.of(row, 1, cols, codebook).withTensorScale(scale);
            GgufTensor from = Fixtures.tensor("t", TensorType.QK256, cols, 1, row);
            MemorySegment bytes =
                    Encoder.encode(TensorType.QK256, from, matrix, false, arena).bytes();
            new GgufWriter()
                    .integer("qk256.version", ValueType.U32, 1)
                    .tensor("t", TensorType.I8, List.of(bytes.byteSize()), bytes)
                    .write(OutputFile.of(path));
        }
        return WeightFile.open(path);
    }

    private void refused(GgufFile file, Target target, String... reasons) {
        assertThatThrownBy(() ->
                        Conversion.convert(file, OutputFile.of(dir.resolve("x")), target, false, 1, Progress.NONE))
                .isInstanceOf(GgufException.class)
                .hasMessageContainingAll(reasons);
        assertThat(dir.resolve("x")).doesNotExist();
    }

    @Test
    void aScaleThatF16CannotHoldIsRefusedUnlessRoundingIsAccepted() throws IOException {
        try (GgufFile file = stored(Codebook.TERNARY, 256, 0.1f)) {
            refused(file, Target.TQ2_0, "the scale 0.1 rounds to 0.099975586", "--round-scales");
            Path out = dir.resolve("rounded.gguf");
            Report report = Conversion.convert(file, OutputFile.of(out), Target.TQ2_0, true, 1, Progress.NONE);
            assertThat(report.scaleError()).isBetween(2.4e-4, 2.5e-4);
            try (GgufFile rounded = WeightFile.open(out)) {
                assertThat(PlainDecoder.of(rounded.requireTensor("t")).scale(0, 0))
                        .isEqualTo(0.099975586f);
            }
        }
        try (GgufFile file = stored(Codebook.TERNARY, 256, 1e6f)) {
            assertThatThrownBy(() -> Conversion.convert(
                            file, OutputFile.of(dir.resolve("x")), Target.TQ2_0, true, 1, Progress.NONE))
                    .hasMessageContaining("the scale 1000000.0 rounds to Infinity");
        }
    }

    @Test
    void valuesThatTheTypeCannotHoldAreRefusedWithTheirPlace() throws IOException {
        try (GgufFile file = stored(new Codebook(0, 2, 5, 5), 256, 1)) {
            refused(file, Target.I2_S, "row 0, column 255 is 2.0 before scaling", "qk256 holds any");
            assertThat(Conversion.convert(
                                    file, OutputFile.of(dir.resolve("tq2")), Target.TQ2_0, false, 1, Progress.NONE)
                            .converted())
                    .isOne();
        }
        try (GgufFile file = stored(Codebook.QK256, 256, 1)) {
            refused(file, Target.TQ2_0, "row 0, column 0 is -2.0 before scaling");
        }
    }

    @Test
    void shapesThatTheTypeCannotHoldAreRefused() throws IOException {
        try (GgufFile file = stored(Codebook.TERNARY, 128, 1)) {
            refused(file, Target.TQ2_0, "has 128 columns, expected a multiple of 256");
            assertThat(Conversion.convert(file, OutputFile.of(dir.resolve("i2s")), Target.I2_S, false, 1, Progress.NONE)
                            .converted())
                    .isOne();
        }
        try (GgufFile file = stored(Codebook.TERNARY, 100, 1)) {
            refused(file, Target.I2_S, "has 100 columns, expected a multiple of 128");
        }
        try (GgufFile file = stored(Codebook.TERNARY, 128, 0)) {
            refused(file, Target.I2_S, "the scale is 0 but not all codes are zeros");
        }
    }

    @Test
    void nothingToConvertOrNothingToWriteIsRefused() throws IOException {
        Path path = fixture("gguf_cases/00_ok.gguf");
        try (GgufFile file = WeightFile.open(path)) {
            refused(file, Target.QK256, "no tensor is of a 2-bit type");
            assertThatThrownBy(
                            () -> Conversion.convert(file, OutputFile.of(path), Target.QK256, false, 1, Progress.NONE))
                    .isInstanceOf(UserError.class)
                    .hasMessageContaining("is the file to read");
        }
        byte[] tl2 = GgufBuilder.header(1, 1)
                .entry("general.architecture", ValueType.STRING)
                .string("bitnet-b1.58")
                .tensor("t", 42, 0, 64)
                .data(64)
                .bytes();
        refused(WeightFile.of(MemorySegment.ofArray(tl2), "tl2"), Target.QK256, "tensor t of TL2", "look-up kernel");
    }
}
