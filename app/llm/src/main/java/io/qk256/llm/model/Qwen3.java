package io.qk256.llm.model;

import static io.qk256.llm.model.TensorSpec.norm;
import static io.qk256.llm.model.TensorSpec.ternary;
import static io.qk256.llm.model.TensorSpec.tokens;

import io.qk256.gguf.GgufException;
import java.util.ArrayList;
import java.util.List;

/**
 * Qwen3 with ternary weights, such as Ternary Bonsai: queries and keys are normalized head by head before the rotation,
 * and the heads together may be wider than the state.
 *
 * <p>Microsoft's BitNet embedding models also have a norm before each projection.
 */
final class Qwen3 implements Architecture {

    @Override
    public List<String> names() {
        return List.of("qwen3");
    }

    @Override
    public ModelConfig config(ModelKeys keys) throws GgufException {
        boolean inputNorms = keys.hasTensor("blk.0.attn_q_norm_in.weight");
        return keys.shape(GateFunction.SILU, inputNorms).withActivations(keys.activations(inputNorms));
    }

    @Override
    public List<TensorSpec> tensors(ModelConfig c) {
        List<TensorSpec> tensors = new ArrayList<>(List.of(
                tokens("token_embd", c.vocabulary(), c.width()),
                norm("blk.N.attn_norm", c.width()),
                ternary("blk.N.attn_q", c.attentionWidth(), c.width()),
                ternary("blk.N.attn_k", c.kvWidth(), c.width()),
                ternary("blk.N.attn_v", c.kvWidth(), c.width()),
                norm("blk.N.attn_q_norm", c.headSize()),
                norm("blk.N.attn_k_norm", c.headSize()),
                ternary("blk.N.attn_output", c.width(), c.attentionWidth()),
                norm("blk.N.ffn_norm", c.width()),
                ternary("blk.N.ffn_gate", c.feedForward(), c.width()),
                ternary("blk.N.ffn_up", c.feedForward(), c.width()),
                ternary("blk.N.ffn_down", c.width(), c.feedForward()),
                norm("output_norm", c.width()),
                tokens("output", c.vocabulary(), c.width()).orNone())); // If missing, the embedding is used.
        if (c.inputNorms()) {
            tensors.addAll(TensorSpec.inputNorms(tensors));
        }
        return tensors;
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
            g.normalize(q, "attn_q_norm");
            g.normalize(k, "attn_k_norm");
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
