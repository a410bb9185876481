package io.qk256.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.testing.Fixtures;
import io.qk256.testing.GgufBuilder;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Files that are broken by accident or on purpose: each is refused with a reason, without other effects. */
class GgufHostileTest {

    /** Where the last tensor of gguf_allkv.gguf ends; the padding after it may be missing. */
    private static final int END_OF_DATA = 896 + 1056 + 4;

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    00_ok                    | accepted
                    02_ver0                  | byte 4: version is 0, expected 2 or 3
                    03_ver1                  | byte 4: version is 1, expected 2 or 3
                    05_ver4                  | byte 4: version is 4, expected 2 or 3
                    06_ver_bigendian         | big-endian
                    08_ntensors_huge         | byte 8: tensor count is 4611686018427387904, expected at most 2
                    09_nkv_huge              | byte 16: metadata count is 4611686018427387904, expected at most 5
                    11_key_len_huge          | byte 24: length of key 0 is 9223372036854775808, expected at most 32
                    12_key_empty             | key 0 has 0 bytes, expected 1 to 65535
                    14_arr_type_13           | element type of k is 13, expected 0 (u8) to 12 (f64)
                    15_arr_nested            | arrays of arrays are not supported
                    17_arr_len_beyond_eof    | element count of k is 1048576, expected at most 3
                    18_arr_empty             | accepted
                    20_bool_2                | k is bool 2, expected 0 or 1
                    21_align_0               | general.alignment is 0, expected a power of two of 8 or more
                    23_align_u64type         | general.alignment is of type u64, expected u32
                    24_align_1               | general.alignment is 1, expected a power of two of 8 or more
                    26_dup_tensor            | tensor a appears twice
                    27_name_63               | accepted
                    29_ndims_0               | tensor a has 0 dimensions, expected 1 to 4
                    30_ndims_5               | tensor a has 5 dimensions, expected 1 to 4
                    32_dim_zero              | dimension 0 of tensor a is 0
                    33_dim_2e63              | dimension 0 of tensor a is 9223372036854775808
                    35_product_wraps_neg     | expected a product within 63 bits
                    36_product_wraps_pos     | expected a product within 63 bits
                    38_nbytes_wraps_f32_2e62 | expected a size within 63 bits
                    39_type_neg              | tensor a is of type -1
                    41_type_36_i2s           | accepted
                    42_type_4_removed        | accepted
                    44_tq2_dim256            | accepted
                    45_offset_misaligned     | offset of tensor a is 8, expected a multiple of the alignment 32
                    47_offset_beyond_eof     | expected at most 0 bytes up to the end of the file
                    48_offset_overlap        | expected at most 0 bytes up to tensor b
                    50_data_truncated        | bytes up to the end of the file
                    51_data_absent_nopad     | expected at most 0 bytes up to the end of the file
                    53_zero_tensors_zero_kv  | accepted
                    54_last_pad_missing      | accepted
                    56_name_nul_inside       | name of tensor 0 holds a control character
                    57_key_nul_inside        | key 0 holds byte 0, expected printable ASCII
                    59_offset_2e64_wrap      | offset of tensor a is 18446744073709551584
                    60_f16_2x_zero_dim_mid   | dimension 1 of tensor a is 0
                    """)
    void givesEachCaseItsVerdict(String name, String verdict) throws GgufException {
        MemorySegment bytes = Fixtures.segment("gguf_cases/" + name + ".gguf");
        if (verdict.equals("accepted")) {
            assertThat(GgufFile.of(bytes, name).version()).isEqualTo(3);
        } else {
            assertThatThrownBy(() -> GgufFile.of(bytes, name))
                    .isInstanceOf(GgufException.class)
                    .hasMessageStartingWith(name)
                    .hasMessageContaining(verdict);
        }
    }

    static Stream<Arguments> brokenFiles() {
        return Stream.of(
                broken(
                        "47 47 55 45",
                        new GgufBuilder().raw("GGUE").i32(3).i64(0).i64(0)),
                broken("starts with 76 65 72 73", new GgufBuilder().raw("version https://git-lfs.github.com/spec/v1")),
                broken(
                        "version is 131072",
                        new GgufBuilder().raw("GGUF").i32(2 << 16).i64(0).i64(0)),
                broken("tensor count is 18446744073709551615", GgufBuilder.header(-1, 0)),
                broken("metadata count is 18446744073709551615", GgufBuilder.header(0, -1)),
                broken(
                        "type of k is 13",
                        GgufBuilder.header(0, 1).string("k").i32(13).i64(0)),
                broken(
                        "type of k is 4294967295",
                        GgufBuilder.header(0, 1).string("k").i32(-1).i64(0)),
                broken(
                        "k needs 8 bytes, expected at most 1",
                        GgufBuilder.header(0, 1).entry("k", ValueType.U64).i8(1)),
                broken(
                        "length of k is 9",
                        GgufBuilder.header(0, 1).entry("k", ValueType.STRING).i64(9)),
                broken(
                        "k is not UTF-8",
                        GgufBuilder.header(0, 1).entry("k", ValueType.STRING).string("\u00c3(")),
                broken(
                        "k is not UTF-8",
                        GgufBuilder.header(0, 1).entry("k", ValueType.STRING).string("\u00c0\u0080")),
                broken(
                        "k is not UTF-8",
                        GgufBuilder.header(0, 1).entry("k", ValueType.STRING).string("ten bytes \u00e2\u0082")),
                broken(
                        "key 0 holds byte 195",
                        GgufBuilder.header(0, 1)
                                .entry("\u00c3\u00a9", ValueType.U8)
                                .i8(1)),
                broken(
                        "key k appears twice",
                        GgufBuilder.header(0, 2)
                                .entry("k", ValueType.U8)
                                .i8(1)
                                .entry("k", ValueType.U8)
                                .i8(1)),
                broken(
                        "(element 1 of 2)",
                        GgufBuilder.header(0, 1)
                                .entry("k", ValueType.ARRAY)
                                .i32(8)
                                .i64(2)
                                .string("a")
                                .string("\u00ff")),
                broken(
                        "k is bool 7",
                        GgufBuilder.header(0, 1)
                                .entry("k", ValueType.ARRAY)
                                .i32(7)
                                .i64(2)
                                .i8(1)
                                .i8(7)),
                broken(
                        "element count of k is 9223372036854775808",
                        GgufBuilder.header(0, 1)
                                .entry("k", ValueType.ARRAY)
                                .i32(5)
                                .i64(Long.MIN_VALUE)
                                .i64(0)),
                broken(
                        "general.alignment is 24",
                        GgufBuilder.header(0, 1)
                                .entry("general.alignment", ValueType.U32)
                                .i32(24)),
                broken(
                        "name of tensor 0 has 0 bytes",
                        GgufBuilder.header(1, 0).tensor("", 0, 0, 8).data(32)),
                broken(
                        "name of tensor 0 has 65 bytes",
                        GgufBuilder.header(1, 0).tensor("x".repeat(65), 0, 0, 8).data(32)),
                broken(
                        "dimensions [4294967296, 4294967296], expected a product within 63 bits",
                        GgufBuilder.header(1, 0)
                                .tensor("t", 0, 0, 1L << 32, 1L << 32)
                                .data(32)),
                broken(
                        "has 2305843009213693952 weights, expected a size within 63 bits",
                        GgufBuilder.header(1, 0).tensor("t", 0, 0, 1L << 61).data(32)),
                broken(
                        "TQ2_0 (type 35) has 255 columns, expected a multiple of 256",
                        GgufBuilder.header(1, 0).tensor("t", 35, 0, 255, 2).data(256)),
                broken(
                        "I2_S (type 36) has 192 columns, expected a multiple of 128",
                        GgufBuilder.header(1, 0).tensor("t", 36, 0, 192, 2).data(256)),
                broken(
                        "has 96 bytes at offset 0, expected at most 64 bytes",
                        GgufBuilder.header(1, 0).tensor("t", 36, 0, 128, 2).data(64)),
                broken(
                        "tensor a has 36 bytes at offset 0, expected at most 32 bytes up to tensor b",
                        GgufBuilder.header(2, 0)
                                .tensor("b", 0, 32, 8)
                                .tensor("a", 0, 0, 9)
                                .data(96)),
                broken(
                        "tensor t is of type 65536",
                        GgufBuilder.header(1, 0).tensor("t", 65_536, 0, 8).data(32)));
    }

    private static Arguments broken(String reason, GgufBuilder file) {
        return Arguments.of(reason, file.bytes());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("brokenFiles")
    void refusesWithAReason(String reason, byte[] bytes) {
        assertThatThrownBy(() -> GgufFile.of(MemorySegment.ofArray(bytes), "file"))
                .isInstanceOf(GgufException.class)
                .hasMessageContaining(reason);
    }

    @Test
    void acceptsGapsAndAnyOrderOfTensors() throws GgufException {
        byte[] bytes = GgufBuilder.header(2, 0)
                .tensor("b", 0, 128, 8)
                .tensor("a", 0, 0, 1)
                .data(160)
                .bytes();

        GgufFile file = GgufFile.of(MemorySegment.ofArray(bytes), "gaps");

        assertThat(file.tensors()).extracting(GgufTensor::name).containsExactly("b", "a");
        assertThat(file.requireTensor("b").data().byteSize()).isEqualTo(32);
        assertThat(file.requireTensor("a").data().byteSize()).isEqualTo(4);
    }

    @Test
    void everyCutOffFileIsRefused() throws GgufException {
        byte[] whole = Fixtures.bytes("gguf_allkv.gguf");
        for (int length = 0; length < END_OF_DATA; length++) {
            MemorySegment cut = MemorySegment.ofArray(Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> GgufFile.of(cut, "cut"))
                    .as("the first %d bytes", length)
                    .isInstanceOf(GgufException.class);
        }
        for (int length = END_OF_DATA; length <= whole.length; length++) {
            MemorySegment cut = MemorySegment.ofArray(Arrays.copyOf(whole, length));
            assertThat(GgufFile.of(cut, "cut").tensors()).hasSize(5);
        }
    }
}
