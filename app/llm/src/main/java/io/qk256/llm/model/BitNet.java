package io.qk256.llm.model;

import static io.qk256.llm.model.TensorSpec.norm;
import static io.qk256.llm.model.TensorSpec.ternary;
import static io.qk256.llm.model.TensorSpec.tokens;

import io.qk256.gguf.GgufException;
import java.util.List;
import java.util.Optional;

/**
 * BitNet b1.58: a transformer like LLaMA, with ternary weights, and with additional norms before the output projections
 * of attention and feed-forward (sub-norms).
 *
 * <p>Microsoft's models ({@code bitnet-b1.58}, {@code bitnet-25}) use squared ReLU, those of 1bitLLM ({@code bitnet})
 * SiLU.
 */
final class BitNet implements Architecture {

    private static final String MICROSOFT = "bitnet-b1.58";
    private static final String MICROSOFT_IN_2025 = "bitnet-25";
    private static final String OF_1BIT_LLM = "bitnet";
    private static final float DEFAULT_ROPE_BASE = 10_000;

    @Override
    public List<String> names() {
        return List.of(MICROSOFT, MICROSOFT_IN_2025, OF_1BIT_LLM);
    }

    @Override
    public ModelConfig config(ModelKeys keys) throws GgufException {
        Optional<String> activation = keys.text("hidden_activation");
        GateFunction gate = gate(keys, activation);
        keys.requireUnscaledPositions();
        int width = keys.integer("embedding_length", ModelConfig.MAX_WIDTH);
        int heads = keys.integer("attention.head_count", width);
        int headSize = width / heads;
        ModelConfig config = new ModelConfig(
                keys.architecture(),
                keys.vocabulary(),
                keys.integer("context_length", ModelConfig.MAX_CONTEXT),
                width,
                keys.integer("block_count", ModelConfig.MAX_LAYERS),
                keys.integer("feed_forward_length", ModelConfig.MAX_WIDTH),
                heads,
                keys.integer("attention.head_count_kv", heads, heads),
                headSize,
                keys.integer("rope.dimension_count", headSize, headSize),
                keys.positive("rope.freq_base", DEFAULT_ROPE_BASE),
                keys.positive("attention.layer_norm_rms_epsilon"),
                gate);
        if (config.attentionWidth() != width) {
            throw new IllegalArgumentException("embedding_length is " + width + ", expected head_count " + heads
                    + " x the head's size " + headSize);
        }
        String headSizeIs = "which is embedding_length divided by attention.head_count";
        keys.requireIfThere("attention.key_length", headSize, headSizeIs);
        keys.requireIfThere("attention.value_length", headSize, headSizeIs);
        if (keys.architecture().equals(OF_1BIT_LLM) && activation.isEmpty()) {
            keys.warn("there is no key bitnet.hidden_activation; SiLU is used, as in llama.cpp. If the text makes no"
                    + " sense, the model was trained with squared ReLU: convert it as bitnet-b1.58, or with"
                    + " hidden_activation relu2");
        }
        return config;
    }

    /** The key decides; without it, the gate is what llama.cpp and bitnet.cpp compute for the architecture. */
    private static GateFunction gate(ModelKeys keys, Optional<String> activation) throws GgufException {
        if (activation.isEmpty()) {
            return keys.architecture().equals(OF_1BIT_LLM) ? GateFunction.SILU : GateFunction.SQUARED_RELU;
        }
        return switch (activation.get()) {
            case "relu2", "relu_squared", "relu^2" -> GateFunction.SQUARED_RELU;
            case "silu", "swish", "swiglu" -> GateFunction.SILU;
            default -> throw keys.refused("hidden_activation", "relu2 or silu; no other gate is supported");
        };
    }

    @Override
    public List<TensorSpec> tensors(ModelConfig c) {
        return List.of(
                tokens("token_embd", c.vocabulary(), c.width()),
                norm("blk.N.attn_norm", c.width()),
                ternary("blk.N.attn_q", c.attentionWidth(), c.width()),
                ternary("blk.N.attn_k", c.kvWidth(), c.width()),
                ternary("blk.N.attn_v", c.kvWidth(), c.width()),
                norm("blk.N.attn_sub_norm", c.attentionWidth()),
                ternary("blk.N.attn_output", c.width(), c.attentionWidth()),
                norm("blk.N.ffn_norm", c.width()),
                ternary("blk.N.ffn_gate", c.feedForward(), c.width()),
                ternary("blk.N.ffn_up", c.feedForward(), c.width()),
                norm("blk.N.ffn_sub_norm", c.feedForward()),
                ternary("blk.N.ffn_down", c.width(), c.feedForward()),
                norm("output_norm", c.width()),
                tokens("output", c.vocabulary(), c.width()).orNone()); // If missing, the embedding is used.
    }

    @Override
    public void forward(Graph g, ModelConfig c) {
        Rope rope = g.rope(Rope.Pairs.HALVES, c.rotated(), c.ropeBase());
        Columns x = g.embedding();
        for (int layer = 0; layer < c.layers(); layer++) {
            g.layer(layer);

            Columns h = g.normalized(x, "attn_norm");
            List<Columns> qkv = g.bitLinear(h, "attn_q", "attn_k", "attn_v");
            Columns q = qkv.get(0);
            Columns k = qkv.get(1);
            Columns v = qkv.get(2);
            g.rotate(rope, q);
            g.rotate(rope, k);
            Columns a = g.attention(q, k, v);
            g.normalize(a, "attn_sub_norm");
            g.add(x, g.bitLinear(a, "attn_output"));

            h = g.normalized(x, "ffn_norm");
            List<Columns> gateAndUp = g.bitLinear(h, "ffn_gate", "ffn_up");
            Columns f = g.gate(c.gate(), gateAndUp.get(0), gateAndUp.get(1));
            g.normalize(f, "ffn_sub_norm");
            g.add(x, g.bitLinear(f, "ffn_down"));
        }
        g.logits(x, "output_norm");
    }
}
