package io.qk256.llm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.GgufValue;
import io.qk256.gguf.GgufWriter;
import io.qk256.gguf.TensorType;
import io.qk256.gguf.ValueType;
import io.qk256.gguf.layout.WeightFile;
import io.qk256.spi.support.OutputFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Extra content of model files, and values that are not finite: used, refused by name, or reported; never ignored. */
class ModelContentTest {

    private static final String B158 = "bitnet-b1.58";

    @TempDir
    private Path dir;

    private final GgufFile demo;
    private HeadType head = HeadType.STORED;
    private final List<String> warnings = new ArrayList<>();

    ModelContentTest() throws GgufException {
        demo = Recorded.demo("i2_s");
    }

    /**
     * The demo model as a given architecture, with additional keys and tensors, and with changed bytes of some tensors.
     */
    private GateFunction load(String architecture, Consumer<GgufWriter> more, Map<String, byte[]> changed)
            throws IOException {
        GgufWriter writer = new GgufWriter();
        for (GgufValue value : demo.metadata().values()) {
            String key = value.key().replace(B158 + ".", architecture + ".");
            if (value.key().equals("general.architecture")) {
                writer.text(value.key(), architecture);
            } else if (key.equals(value.key())) {
                writer.copy(value);
            } else if (value.type().isInteger()) {
                writer.integer(key, value.type(), value.asInteger(0, Integer.MAX_VALUE));
            } else {
                writer.real(key, value.type(), value.asReal());
            }
        }
        for (GgufTensor tensor : demo.tensors()) {
            byte[] bytes = changed.get(tensor.name());
            writer.tensor(
                    tensor.name(),
                    tensor.type(),
                    tensor.dims(),
                    bytes == null ? tensor.data() : MemorySegment.ofArray(bytes));
        }
        more.accept(writer);
        Path path = dir.resolve("model.gguf");
        writer.write(OutputFile.of(path));
        LoadListener listener = new LoadListener() {
            @Override
            public void at(String what, long done, long total) {}

            @Override
            public void warned(String message) {
                warnings.add(message);
            }
        };
        try (GgufFile file = WeightFile.open(path);
                Model model = Model.load(file, head, listener)) {
            return model.config().gate();
        }
    }

    private GateFunction load(Consumer<GgufWriter> more) throws IOException {
        return load(B158, more, Map.of());
    }

    private static Consumer<GgufWriter> real(String key, double value) {
        return writer -> writer.real(B158 + "." + key, ValueType.F32, value);
    }

    private static Consumer<GgufWriter> integer(String key, long value) {
        return writer -> writer.integer(B158 + "." + key, ValueType.U32, value);
    }

    private static Consumer<GgufWriter> text(String key, String value) {
        return writer -> writer.text(B158 + "." + key, value);
    }

    private void refused(Consumer<GgufWriter> more, String... messages) {
        assertThatThrownBy(() -> load(more))
                .isInstanceOf(GgufException.class)
                .hasMessageContaining("model.gguf")
                .hasMessageContainingAll(messages);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"blk.0.attn_q.bias", "rope_freqs.weight", "blk.6.attn_q.weight", "blk.0.attn_q_norm_in.weight"})
    void aTensorThatIsNotUsedIsRefusedByName(String name) {
        refused(
                writer -> writer.tensor(name, TensorType.F32, List.of(8L), MemorySegment.ofArray(new byte[32])),
                "tensor " + name + " of F32",
                "expected no such tensor");
    }

    @ParameterizedTest
    @CsvSource({
        "logit_scale, 0.5",
        "embedding_scale, 12",
        "residual_scale, 0.2",
        "attention.scale, 0.1",
        "attention.clamp_kqv, 8",
        "attention.max_alibi_bias, 8",
        "attention.layer_norm_epsilon, 1e-5",
        "attn_logit_softcapping, 50",
        "final_logit_softcapping, 30",
        "rope.scaling.yarn_ext_factor, 1",
        "rope.scaling.yarn_attn_factor, 1.2",
        "rope.scaling.factor, -4",
        "key.of.tomorrow, 0.25",
    })
    void aNumberThatWouldChangeTheComputationIsRefusedByName(String key, double value) {
        refused(real(key, value), B158 + "." + key + " is ", "expected ");
    }

    @ParameterizedTest
    @CsvSource({
        "attention.key_length, 128",
        "attention.value_length, 32",
        "attention.sliding_window, 16",
        "expert_count, 8",
        "pooling_type, 4",
    })
    void aSizeThatWouldChangeTheComputationIsRefusedByName(String key, long value) {
        refused(integer(key, value), B158 + "." + key + " is " + value + ", expected ");
    }

    @Test
    void switchesAndTextsThatWouldChangeTheComputationAreRefusedByName() {
        refused(writer -> writer.bool(B158 + ".attention.causal", false), "attention.causal is false, expected true");
        refused(writer -> writer.bool(B158 + ".use_parallel_residual", true), "use_parallel_residual is true");
        refused(text("rope.scaling.type", "longrope"), "rope.scaling.type is \"longrope\", expected \"none\"");
        refused(text("hidden_activation", "gelu"), "hidden_activation is \"gelu\", expected relu2, silu or gelu_tanh");
        refused(text("norm_kind_of_tomorrow", "layer"), "norm_kind_of_tomorrow is \"layer\"");
        refused(
                writer -> writer.integer("prism.hadamard.version", ValueType.U32, 1),
                "prism.hadamard.version is 1, expected no such key");
        refused(
                writer -> writer.integer("split.count", ValueType.U16, 3).integer("split.no", ValueType.U16, 0),
                "this is part 1 of 3 of a split model");
    }

    /** As a converter writes it that no longer knows the ternary types. */
    @Test
    void aModelWithoutTernaryWeightsIsRefusedByWhatItIs() throws IOException {
        GgufWriter writer = new GgufWriter();
        demo.metadata().values().forEach(writer::copy);
        for (GgufTensor tensor : demo.tensors()) {
            boolean ternary = tensor.type() == TensorType.I2_S;
            MemorySegment data = ternary
                    ? MemorySegment.ofArray(new byte[Math.toIntExact(tensor.rows() * tensor.cols() * 2)])
                    : tensor.data();
            writer.tensor(tensor.name(), ternary ? TensorType.F16 : tensor.type(), tensor.dims(), data);
        }
        Path path = dir.resolve("f16.gguf");
        writer.write(OutputFile.of(path));
        try (GgufFile file = WeightFile.open(path)) {
            assertThatThrownBy(() -> Model.load(file, HeadType.STORED, LoadListener.NONE))
                    .isInstanceOf(GgufException.class)
                    .hasMessageContaining("f16.gguf: all matrices have more than 2 bits per weight (F16), expected ");
        }
    }

    @Test
    void linearScalingAndYarnAreRead() throws IOException {
        load(real("rope.scaling.factor", 4));
        load(real("rope.scale_linear", 4));
        load(text("rope.scaling.type", "yarn").andThen(real("rope.scaling.factor", 4)));
        load(real("rope.scaling.attn_factor", 1.5));
        assertThat(warnings).isEmpty();
    }

    @Test
    void valuesThatChangeNothingAreRead() throws IOException {
        load(text("rope.scaling.type", "linear").andThen(real("rope.scaling.factor", 1)));
        load(text("rope.scaling.type", "none").andThen(real("rope.scaling.factor", 4)));
        load(real("logit_scale", 1).andThen(real("embedding_scale", 0)).andThen(real("attention.scale", 0.125)));
        load(integer("attention.key_length", 64).andThen(integer("attention.sliding_window", 1 << 20)));
        load(writer -> writer.bool(B158 + ".attention.causal", true));
        assertThat(warnings).isEmpty();
    }

    @Test
    void anUnknownKeyThatAsksForNothingIsTold() throws IOException {
        load(integer("expert_count", 0).andThen(text("some_kind", "none")));
        assertThat(warnings).hasSize(2).allMatch(warning -> warning.endsWith("its value has no effect"));
        assertThat(warnings.getFirst()).contains(B158 + ".expert_count is unknown");
    }

    @Test
    void theKeyDecidesOnTheGateAndItsAbsenceIsTold() throws IOException {
        assertThat(load(writer -> {})).isEqualTo(GateFunction.SQUARED_RELU);
        assertThat(load(text("hidden_activation", "silu"))).isEqualTo(GateFunction.SILU);
        assertThat(load("bitnet", writer -> writer.text("bitnet.hidden_activation", "relu2"), Map.of()))
                .isEqualTo(GateFunction.SQUARED_RELU);
        assertThat(warnings).isEmpty();
        assertThat(load("bitnet", writer -> {}, Map.of())).isEqualTo(GateFunction.SILU);
        assertThat(warnings).singleElement().asString().contains("no key bitnet.hidden_activation", "SiLU is used");
    }

    @ParameterizedTest
    @CsvSource({
        "blk.0.attn_norm.weight, 0x7FC00000",
        "blk.3.ffn_sub_norm.weight, 0x7F800000",
        "output_norm.weight, 0xFF800000",
    })
    void aNormThatIsNoNumberIsNamed(String name, String bits) throws IOException {
        byte[] bytes = demo.requireTensor(name).data().toArray(ValueLayout.JAVA_BYTE);
        MemorySegment.ofArray(bytes)
                .set(ValueLayout.JAVA_INT_UNALIGNED, 28, Long.decode(bits).intValue());
        notFinite(name, bytes, "row 0, column 7 is ");
    }

    /** A head that is converted is checked on the way. */
    @ParameterizedTest
    @EnumSource
    void aHeadThatIsNoNumberIsNamed(HeadType type) throws IOException {
        head = type;
        String name = "token_embd.weight";
        byte[] bytes = demo.requireTensor(name).data().toArray(ValueLayout.JAVA_BYTE);
        MemorySegment segment = MemorySegment.ofArray(bytes);
        segment.set(ValueLayout.JAVA_SHORT_UNALIGNED, bytes.length - 2, (short) 0x7E00);
        notFinite(name, bytes, "row 1023, column 255 is NaN, expected a finite number");
        segment.set(ValueLayout.JAVA_SHORT_UNALIGNED, 0, (short) 0xFC00);
        notFinite(name, bytes, "row 0, column 0 is -Infinity, expected a finite number");
    }

    private void notFinite(String name, byte[] bytes, String message) {
        Map<String, byte[]> changed = new HashMap<>(Map.of(name, bytes));
        assertThatThrownBy(() -> load(B158, writer -> {}, changed))
                .isInstanceOf(GgufException.class)
                .hasMessageContainingAll("model.gguf, tensor " + name, message);
    }
}
