package io.qk256.llm.model;

import static io.qk256.llm.model.TensorSpec.factors;
import static io.qk256.llm.model.TensorSpec.norm;
import static io.qk256.llm.model.TensorSpec.ternary;
import static io.qk256.llm.model.TensorSpec.tokens;

import io.qk256.gguf.GgufException;
import java.util.List;

/**
 * Llama with ternary weights: Llama 3 8B 1.58, Falcon3 and Falcon-E, TriLM and others. There are norms before attention
 * and feed-forward only, and rotation is of neighboring values. A file may have divisors of the rotary angles, as Llama
 * 3.1 and 3.2 have.
 */
final class Llama implements Architecture {

    @Override
    public List<String> names() {
        return List.of("llama");
    }

    @Override
    public ModelConfig config(ModelKeys keys) throws GgufException {
        ModelConfig config = keys.shape(GateFunction.SILU, false);
        keys.requireIfThere("rope.dimension_count", config.headSize(), "the head's size");
        return config.withActivations(keys.activations(false));
    }

    @Override
    public List<TensorSpec> tensors(ModelConfig c) {
        return List.of(
                tokens("token_embd", c.vocabulary(), c.width()),
                factors(Weights.ROPE_DIVISORS, c.rotated() / 2).orNone(),
                norm("blk.N.attn_norm", c.width()),
                ternary("blk.N.attn_q", c.attentionWidth(), c.width()),
                ternary("blk.N.attn_k", c.kvWidth(), c.width()),
                ternary("blk.N.attn_v", c.kvWidth(), c.width()),
                ternary("blk.N.attn_output", c.width(), c.attentionWidth()),
                norm("blk.N.ffn_norm", c.width()),
                ternary("blk.N.ffn_gate", c.feedForward(), c.width()),
                ternary("blk.N.ffn_up", c.feedForward(), c.width()),
                ternary("blk.N.ffn_down", c.width(), c.feedForward()),
                norm("output_norm", c.width()),
                tokens("output", c.vocabulary(), c.width()).orNone()); // If missing, the embedding is used.
    }

    @Override
    public void forward(Graph g, ModelConfig c) {
        Rope rope = g.rope(Rope.Pairs.NEIGHBORS);
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
            g.add(x, g.bitLinear(a, "attn_output"));

            h = g.normalized(x, "ffn_norm");
            Columns f = g.gated(c.gate(), h, "ffn_gate", "ffn_up");
            g.add(x, g.sparseLinear(c.gate(), f, "ffn_down"));
        }
        g.logits(x, "output_norm");
    }
}
