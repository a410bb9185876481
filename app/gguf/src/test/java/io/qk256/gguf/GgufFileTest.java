package io.qk256.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.gguf.layout.TensorRows;
import io.qk256.testing.Fixtures;
import io.qk256.testing.GgufBuilder;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GgufFileTest {

    private static GgufFile allKinds() throws GgufException {
        return GgufFile.of(Fixtures.segment("gguf_allkv.gguf"), "gguf_allkv.gguf");
    }

    @Test
    void readsEveryKindOfValueThatGgmlWrites() throws GgufException {
        GgufFile file = allKinds();

        assertThat(file.version()).isEqualTo(3);
        assertThat(file.alignment()).isEqualTo(32);
        assertThat(file.architecture()).isEqualTo("fixture");
        assertThat(file.metadata().keySet())
                .containsExactly(
                        "general.architecture",
                        "k.u8",
                        "k.i8",
                        "k.u16",
                        "k.i16",
                        "k.u32",
                        "k.i32",
                        "k.f32",
                        "k.u64",
                        "k.i64",
                        "k.f64",
                        "k.bool_t",
                        "k.bool_f",
                        "k.str_empty",
                        "k.str_utf8",
                        "k.arr_str",
                        "k.arr_f32",
                        "k.arr_i32",
                        "k.arr_bool",
                        "k.arr_u64");
        assertThat(integer(file, "k.u8", ValueType.U8)).isEqualTo(200);
        assertThat(integer(file, "k.i8", ValueType.I8)).isEqualTo(-100);
        assertThat(integer(file, "k.u16", ValueType.U16)).isEqualTo(60_000);
        assertThat(integer(file, "k.i16", ValueType.I16)).isEqualTo(-30_000);
        assertThat(integer(file, "k.u32", ValueType.U32)).isEqualTo(4_000_000_000L);
        assertThat(integer(file, "k.i32", ValueType.I32)).isEqualTo(-2_000_000_000);
        assertThat(integer(file, "k.i64", ValueType.I64)).isEqualTo(-9_000_000_000_000_000_000L);
        assertThat(file.require("k.u64").type()).isEqualTo(ValueType.U64);
        assertThat(file.require("k.u64")).hasToString("18000000000000000000");
        assertThat(file.require("k.f32").asReal()).isEqualTo(0.1f);
        assertThat(file.require("k.f64").asReal()).isEqualTo(0.1);
        assertThat(file.require("k.bool_t").asBool()).isTrue();
        assertThat(file.require("k.bool_f").asBool()).isFalse();
        assertThat(file.require("k.str_empty").asText()).isEmpty();
        assertThat(file.require("k.str_utf8").asText()).isEqualTo("héllo € 😀 Ġ");
    }

    private static long integer(GgufFile file, String key, ValueType type) throws GgufException {
        assertThat(file.require(key).type()).isEqualTo(type);
        return file.require(key).asInteger(Long.MIN_VALUE, Long.MAX_VALUE);
    }

    @Test
    void readsArraysWhenAsked() throws GgufException {
        GgufFile file = allKinds();

        GgufStrings strings =
                file.require("k.arr_str").asArray(ValueType.STRING).strings();
        assertThat(IntStream.range(0, strings.size()).mapToObj(strings::text)).containsExactly("a", "", "Ġworld");
        assertThat(strings.equals(2, "Ġworld".getBytes(StandardCharsets.UTF_8))).isTrue();
        assertThat(strings.equals(0, "b".getBytes(StandardCharsets.UTF_8))).isFalse();
        GgufArray reals = file.require("k.arr_f32").asArray(ValueType.F32);
        assertThat(new double[] {reals.real(0), reals.real(1), reals.real(2)}).containsExactly(0, -1.5, 3.25);
        GgufArray integers = file.require("k.arr_i32").asArray(ValueType.I32);
        assertThat(new long[] {integers.integer(0), integers.integer(1), integers.integer(2)})
                .containsExactly(1, -2, 3);
        assertThat(integers.integers()).containsExactly(1, -2, 3);
        GgufArray bools = file.require("k.arr_bool").asArray(ValueType.BOOL);
        assertThat(new boolean[] {bools.bool(0), bools.bool(1), bools.bool(2)}).containsExactly(true, false, true);
        GgufArray longs = file.require("k.arr_u64").asArray(ValueType.U64);
        assertThat(longs.size()).isEqualTo(2);
        assertThat(new long[] {longs.integer(0), longs.integer(1)}).containsExactly(1, 2);
        assertThat(file.require("k.arr_u64")).hasToString("2 x u64");

        assertThatThrownBy(() -> longs.integer(2)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> longs.integer(-1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> longs.text(0))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("array of u64, read as string");
    }

    @Test
    void findsEveryTensor() throws GgufException {
        GgufFile file = allKinds();

        assertThat(file.tensors())
                .extracting(GgufTensor::name)
                .containsExactly("f32.7", "f16.3x2", "tq2_0.512x4", "tq1_0.512x4", "f32.scalar");
        assertThat(file.tensors())
                .extracting(GgufTensor::type)
                .containsExactly(TensorType.F32, TensorType.F16, TensorType.TQ2_0, TensorType.TQ1_0, TensorType.F32);
        assertThat(file.tensors())
                .extracting(GgufTensor::dims)
                .containsExactly(List.of(7L), List.of(3L, 2L), List.of(512L, 4L), List.of(512L, 4L), List.of(1L));
        assertThat(file.requireTensor("f32.7").data().toArray(LittleEndian.F32))
                .containsExactly(1, -2, 3, -4, 5, -6, 7);
        assertThat(file.requireTensor("f16.3x2").data().toArray(LittleEndian.I16))
                .containsExactly(
                        (short) 0x3C00, (short) 0xBC00, (short) 1, (short) 0x7BFF, (short) 0x8000, (short) 0x3555);
        assertThat(file.requireTensor("f32.scalar").data().toArray(LittleEndian.F32))
                .containsExactly(3.5f);
        assertThat(file.requireTensor("tq2_0.512x4").data().mismatch(Fixtures.ofProof("tq2_0.blocks")))
                .as("the first four rows of the fixture, then the tensor ends")
                .isEqualTo(4 * 2 * 66);
        assertThat(file.requireTensor("tq1_0.512x4").data().mismatch(Fixtures.segment("tq1_0.blocks")))
                .isEqualTo(4 * 2 * 54);
    }

    @Test
    void saysWhatIsWrongWithAValue() throws GgufException {
        GgufFile file = allKinds();

        assertThatThrownBy(() -> file.require("k.u8").asInteger(1, 100))
                .isInstanceOf(GgufException.class)
                .hasMessageContainingAll("gguf_allkv.gguf", "k.u8 is 200", "1 to 100");
        assertThatThrownBy(() -> file.require("k.u64").asInteger(0, Long.MAX_VALUE))
                .isInstanceOf(GgufException.class)
                .hasMessageContaining("k.u64 is 18000000000000000000");
        assertThatThrownBy(() -> file.require("k.u8").asText())
                .isInstanceOf(GgufException.class)
                .hasMessageContaining("k.u8 is of type u8, expected string");
        assertThatThrownBy(() -> file.require("k.arr_i32").asArray(ValueType.F32))
                .isInstanceOf(GgufException.class)
                .hasMessageContaining("k.arr_i32 is of type array of i32, expected array of f32");
        assertThatThrownBy(() -> file.require("k.f32").asInteger(0, 1)).hasMessageContaining("expected an integer");
        assertThatThrownBy(() -> file.require("k.u8").asReal()).hasMessageContaining("expected f32 or f64");
        assertThatThrownBy(() -> file.require("k.u8").asBool()).hasMessageContaining("expected bool");
        assertThatThrownBy(() -> file.require("absent"))
                .isInstanceOf(GgufException.class)
                .hasMessageContaining("no key absent among 20 keys");
        assertThatThrownBy(() -> file.requireTensor("absent"))
                .isInstanceOf(GgufException.class)
                .hasMessageContaining("no tensor absent among 5 tensors");
    }

    @Test
    void aRealMustBeFinite() throws GgufException {
        byte[] bytes = GgufBuilder.header(0, 1)
                .entry("k", ValueType.F32)
                .i32(Float.floatToRawIntBits(Float.NaN))
                .bytes();
        GgufFile file = GgufFile.of(MemorySegment.ofArray(bytes), "nan");

        assertThatThrownBy(() -> file.require("k").asReal())
                .isInstanceOf(GgufException.class)
                .hasMessageContaining("nan: k is NaN, expected a finite number");
    }

    @Test
    void idsThatMeanTwoTypesAreToldApartByTheArchitecture() throws GgufException {
        for (int id : new int[] {39, 42}) {
            byte[] bitnet = withArchitecture("bitnet-b1.58", id);
            byte[] other = withArchitecture("llama", id);

            assertThat(GgufFile.of(MemorySegment.ofArray(bitnet), "b")
                            .requireTensor("t")
                            .type())
                    .isEqualTo(TensorType.TL2);
            assertThat(GgufFile.of(MemorySegment.ofArray(other), "o")
                            .requireTensor("t")
                            .type())
                    .isEqualTo(id == 39 ? TensorType.MXFP4 : TensorType.Q2_0);
        }
    }

    /** Only the space up to the next tensor tells what id 42 is. */
    @Test
    void id42IsToldApartByItsSize() throws GgufException {
        for (String architecture : new String[] {"bitnet-b1.58", "qwen3"}) {
            byte[] ofGgml = q2(architecture, 256 / 64 * 18);
            assertThat(GgufFile.of(MemorySegment.ofArray(ofGgml), "g64")
                            .requireTensor("t")
                            .type())
                    .as(architecture)
                    .isEqualTo(TensorType.Q2_0);
            byte[] ofPrism = q2(architecture, 2048 / 128 * 34);
            assertThat(GgufFile.of(MemorySegment.ofArray(ofPrism), "g128")
                            .requireTensor("t")
                            .type())
                    .as(architecture)
                    .isEqualTo(TensorType.Q2_0_G128);
        }
    }

    private static byte[] q2(String architecture, int bytes) {
        int weights = bytes == 72 ? 256 : 2048;
        return GgufBuilder.header(1, 1)
                .entry("general.architecture", ValueType.STRING)
                .string(architecture)
                .tensor("t", 42, 0, weights)
                .data(Math.ceilDiv(bytes, 32) * 32)
                .bytes();
    }

    @ParameterizedTest
    @CsvSource({"q2_0-g64, Q2_0", "q2_0-g128, Q2_0_G128", "pq2_0, PQ2_0", "ptq1_0, PTQ1_0"})
    void groupsAreFoundWhereverTheTensorIs(String name, TensorType type) throws GgufException {
        for (String place : new String[] {"first", "last"}) {
            GgufFile file = GgufFile.of(Fixtures.segment("groups/one-" + name + "-" + place + ".gguf"), name);
            GgufTensor tensor = file.tensors().stream()
                    .filter(one -> one.type() == type)
                    .findFirst()
                    .orElseThrow();
            float[] seen = new float[8 * 512];
            TensorRows.of(tensor).reader(8).read(0, 8, seen, 0);
            assertThat(MemorySegment.ofArray(seen).mismatch(Fixtures.segment("groups/one.dequant.f32")))
                    .as(place)
                    .isEqualTo(-1);
        }
    }

    /** 128 weights take 64 bytes in either packing. */
    @Test
    void theWholeFileHasOneGroupSize() throws GgufException {
        byte[] small = GgufBuilder.header(2, 0)
                .tensor("small", 42, 0, 128)
                .tensor("large", 42, 64, 4096)
                .data(64 + 4096 / 128 * 34)
                .bytes();
        assertThat(GgufFile.of(MemorySegment.ofArray(small), "file").tensors())
                .extracting(GgufTensor::type)
                .containsOnly(TensorType.Q2_0_G128);

        byte[] mixed = GgufBuilder.header(2, 0)
                .tensor("a", 42, 0, 4096)
                .tensor("b", 42, 1088, 4096)
                .data(1088 + 1152)
                .bytes();
        GgufFile file = GgufFile.of(MemorySegment.ofArray(mixed), "file");
        assertThat(file.tensors()).extracting(GgufTensor::typeLabel).containsOnly("type 42");
        assertThatThrownBy(() -> TensorRows.of(file.requireTensor("a")))
                .isInstanceOf(GgufException.class)
                .hasMessageContaining("do not all fit Q2_0 in groups of 64 weights, nor all in groups of 128");
    }

    @Test
    void aCutOffTensorOfSharedIdIsRefused() {
        byte[] cut = GgufBuilder.header(2, 0)
                .tensor("a", 42, 0, 4096)
                .tensor("b", 42, 1088, 4096)
                .data(1088 + 1000)
                .bytes();
        assertThatThrownBy(() -> GgufFile.of(MemorySegment.ofArray(cut), "file"))
                .isInstanceOf(GgufException.class)
                .hasMessageContaining("tensor b has 1088 bytes at offset 1088, expected at most 1000 bytes");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            142 | its size is not that of the type that usually has this number
            143 | its size is not that of the type that usually has this number
            37  | its size is not that of the type that usually has this number
            200 | this program does not know the type
            33  | ggml has removed the type
            """)
    void aTypeOfOthersIsShownByNumberAndNotUsed(int id, String why) throws GgufException {
        byte[] bytes = GgufBuilder.header(2, 0)
                .tensor("a", id, 0, 1024)
                .tensor("b", id, 96, 1024)
                .data(160)
                .bytes();
        GgufFile file = GgufFile.of(MemorySegment.ofArray(bytes), "other");
        assertThat(file.tensors()).extracting(GgufTensor::typeLabel).containsOnly("type " + id);
        GgufTensor tensor = file.requireTensor("a");
        assertThat(tensor.data().byteSize()).isEqualTo(96);
        assertThatThrownBy(() -> TensorRows.of(tensor))
                .isInstanceOf(GgufException.class)
                .hasMessageContaining("tensor a of type " + id + ", 1x1024: cannot be read: " + why);
    }

    @Test
    void aPartOfASplitModelSaysSo() throws GgufException {
        byte[] bytes = GgufBuilder.header(0, 2)
                .entry("split.no", ValueType.U8)
                .i8(0)
                .entry("split.count", ValueType.U8)
                .i8(3)
                .bytes();
        GgufFile file = GgufFile.of(MemorySegment.ofArray(bytes), "part");
        assertThatThrownBy(() -> file.requireTensor("t"))
                .isInstanceOf(GgufException.class)
                .hasMessageContaining("part: this is part 1 of 3 of a split model, expected a whole one");
    }

    private static byte[] withArchitecture(String architecture, int type) {
        return GgufBuilder.header(1, 1)
                .entry("general.architecture", ValueType.STRING)
                .string(architecture)
                .tensor("t", type, 0, 64)
                .data(64)
                .bytes();
    }

    @Test
    void readsVersion2() throws GgufException {
        byte[] bytes = GgufBuilder.header(0, 0).bytes();
        bytes[4] = 2;

        assertThat(GgufFile.of(MemorySegment.ofArray(bytes), "v2").version()).isEqualTo(2);
    }

    @Test
    void mapsFilesBeyondTwoGibibytes(@TempDir Path dir) throws IOException {
        long offset = (1L << 31) + 64;
        byte[] header =
                GgufBuilder.header(1, 0).tensor("far", 0, offset, 2).data(0).bytes();
        Path path = dir.resolve("large.gguf");
        try (FileChannel channel = FileChannel.open(
                path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            channel.write(ByteBuffer.wrap(header));
            channel.write(ByteBuffer.wrap(new byte[] {0, 0, 0, 0, 0, 0, 0x20, 0x40}), header.length + offset);
        }

        MemorySegment data;
        try (GgufFile file = GgufFile.open(path)) {
            data = file.requireTensor("far").data();
            assertThat(data.toArray(LittleEndian.F32)).containsExactly(0, 2.5f);
        }
        assertThatThrownBy(() -> data.get(LittleEndian.F32, 0))
                .as("the views become invalid with the file")
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void saysWhatIsWrongWithAPath(@TempDir Path dir) throws IOException {
        assertThatThrownBy(() -> GgufFile.open(dir.resolve("absent.gguf")))
                .isInstanceOf(GgufException.class)
                .hasMessageContaining("absent.gguf: no such file or directory, expected a GGUF file");
        assertThatThrownBy(() -> GgufFile.open(dir))
                .isInstanceOf(GgufException.class)
                .hasMessageContaining("it is a directory, expected a GGUF file");
        Path empty = Files.createFile(dir.resolve("empty.gguf"));
        assertThatThrownBy(() -> GgufFile.open(empty))
                .isInstanceOf(GgufException.class)
                .hasMessageContaining("byte 0: the file has 0 bytes, expected 24 or more");
    }
}
