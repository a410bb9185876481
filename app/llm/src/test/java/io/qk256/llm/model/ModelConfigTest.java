package io.qk256.llm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Valid files with one value changed. */
class ModelConfigTest {

    private static final String TINY = "tiny-bitnet-b1.58.gguf";

    @Test
    void theArchitectureDecidesTheGate() throws GgufException {
        assertThat(gate(TINY)).isEqualTo(GateFunction.SQUARED_RELU);
        assertThat(gate("tiny-bitnet.gguf")).isEqualTo(GateFunction.SILU);
    }

    private static GateFunction gate(String name) throws GgufException {
        GgufFile file = Recorded.file(name);
        return new BitNet().config(new ModelKeys(file, warning -> {})).gate();
    }

    @ParameterizedTest
    @CsvSource({
        "attention.head_count, 3, 'head_count is 3, expected a multiple of head_count_kv 2'",
        "attention.head_count, 16, 'rope.dimension_count is 64, expected 1 to 16'",
        "attention.head_count, 0, 'attention.head_count is 0, expected 1 to 256'",
        "attention.head_count_kv, 3, 'head_count is 4, expected a multiple of head_count_kv 3'",
        "attention.head_count_kv, 9, 'attention.head_count_kv is 9, expected 1 to 4'",
        "embedding_length, 384, 'expected 64x384 (rows x columns)'",
        "embedding_length, 0, 'embedding_length is 0, expected 1 to'",
        "feed_forward_length, 385, 'feed_forward_length is 385, expected a multiple of 32'",
        "feed_forward_length, 416, 'expected 416x256 (rows x columns)'",
        "block_count, 3, 'no tensor blk.2.attn_q.weight'",
        "block_count, 5000, 'block_count is 5000, expected 1 to 1024'",
        "rope.dimension_count, 63, 'rope.dimension_count is 63, expected an even number'",
        "rope.dimension_count, 66, 'rope.dimension_count is 66, expected 1 to 64'",
        "attention.layer_norm_rms_epsilon, 0, 'layer_norm_rms_epsilon is 0.0, expected a number above 0'",
        "rope.freq_base, 2143289344, 'expected a finite number'"
    })
    void wrongNumbersAreNamed(String key, int bits, String message) {
        byte[] bytes = Recorded.bytes(TINY);
        int value = valueOf(bytes, "bitnet-b1.58." + key);
        for (int i = 0; i < Integer.BYTES; i++) {
            bytes[value + i] = (byte) (bits >> (Byte.SIZE * i));
        }
        assertThatThrownBy(() -> load(bytes))
                .isInstanceOf(GgufException.class)
                .hasMessageContaining(message)
                .hasMessageContaining("changed.gguf");
    }

    @ParameterizedTest
    @CsvSource({
        "bitnet-b1.58, bitnet-b1.59, 'general.architecture is \"bitnet-b1.59\"'",
        "blk.1.ffn_up.weight, blk.1.ffn_uq.weight, 'no tensor blk.1.ffn_up.weight'",
        "output_norm.weight, output_norn.weight, 'no tensor output_norm.weight'",
        "token_embd.weight, token_embc.weight, 'no tensor token_embd.weight'",
        "bitnet-b1.58.context_length, bitnet-b1.58.context_lengti, 'no key bitnet-b1.58.context_length'"
    })
    void whatIsMissingIsNamed(String from, String to, String message) {
        byte[] bytes = Recorded.bytes(TINY);
        System.arraycopy(to.getBytes(StandardCharsets.UTF_8), 0, bytes, indexOf(bytes, from), to.length());
        assertThatThrownBy(() -> load(bytes)).isInstanceOf(GgufException.class).hasMessageContaining(message);
    }

    @Test
    void shapesThatCannotBeAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        new ModelConfig("bitnet", 64, 128, 256, 2, 384, 4, 3, 64, 64, 10_000, 1e-5f, GateFunction.SILU))
                .withMessage("head_count is 4, expected a multiple of head_count_kv 3");
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        new ModelConfig("bitnet", 64, 128, 256, 2, 384, 3, 3, 16, 16, 10_000, 1e-5f, GateFunction.SILU))
                .withMessage("head_count x the head's size is 48, expected a multiple of 32");
    }

    private static void load(byte[] bytes) throws GgufException {
        Model.load(Recorded.file("changed.gguf", bytes), HeadType.STORED, LoadListener.NONE)
                .close();
    }

    /** After the key and four bytes of type, which is u32 or f32. */
    private static int valueOf(byte[] bytes, String key) {
        String type = key.endsWith("epsilon") || key.endsWith("base") ? "\6\0\0\0" : "\4\0\0\0";
        return indexOf(bytes, key + type) + key.length() + type.length();
    }

    private static int indexOf(byte[] bytes, String text) {
        int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf(text);
        assertThat(at).as(text).isPositive();
        return at;
    }
}
