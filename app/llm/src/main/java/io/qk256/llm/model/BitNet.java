package io.qk256.llm.model;

import static io.qk256.llm.model.TensorSpec.norm;
import static io.qk256.llm.model.TensorSpec.ternary;
import static io.qk256.llm.model.TensorSpec.tokens;

import io.qk256.gguf.GgufException;
import java.util.List;

/**
 * BitNet b1.58: a transformer like LLaMA, with ternary weights, and with additional norms before the output projections
 * of attention and feed-forward (sub-norms).
 *
 * <p>Microsoft's models ({@code bitnet-b1.58}, {@code bitnet-25}) use squared ReLU, those of 1bitLLM ({@code bitnet})
 * SiLU.
 */
final class BitNet implements Architecture {

    static final String MICROSOFT = "bitnet-b1.58";
    private static final String MICROSOFT_IN_2025 = "bitnet-25";
    private static final String OF_1BIT_LLM = "bitnet";

    @Override
    public List<String> names() {
        return List.of(MICROSOFT, MICROSOFT_IN_2025, OF_1BIT_LLM);
    }

    @Override
    public ModelConfig config(ModelKeys keys) throws GgufException {
        boolean isOf1BitLlm = keys.architecture().equals(OF_1BIT_LLM);
        ModelConfig config = keys.shape(isOf1BitLlm ? GateFunction.SILU : GateFunction.SQUARED_RELU, false);
        keys.requireIfThere(
                "attention.key_length",
                config.width() / config.heads(),
                "which is embedding_length divided by attention.head_count");
        if (isOf1BitLlm && keys.text("hidden_activation").isEmpty()) {
            keys.warn("there is no key bitnet.hidden_activation; SiLU is used, as in llama.cpp. If the text makes no"
                    + " sense, the model was trained with squared ReLU: convert it as bitnet-b1.58, or with"
                    + " hidden_activation relu2");
        }
        return config;
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
        Rope rope = g.rope(Rope.Pairs.HALVES);
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
            Columns f = g.gated(c.gate(), h, "ffn_gate", "ffn_up");
            g.normalize(f, "ffn_sub_norm");
            g.add(x, g.sparseLinear(c.gate(), f, "ffn_down"));
        }
        g.logits(x, "output_norm");
    }
}
