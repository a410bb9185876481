package io.qk256.llm.model;

import static io.qk256.llm.model.TensorSpec.norm;
import static io.qk256.llm.model.TensorSpec.ternary;
import static io.qk256.llm.model.TensorSpec.tokens;

import io.qk256.gguf.GgufException;
import java.util.ArrayList;
import java.util.List;

/**
 * Gemma 3 as Microsoft's BitNet embedding model: ternary weights, a norm before each projection, and norms on the
 * results of attention and feed-forward. Embedding rows are multiplied by the square root of their width.
 *
 * <p>Layers with a sliding window, which Gemma 3 itself has and which use another rotation, are refused.
 */
final class Gemma3 implements Architecture {

    @Override
    public List<String> names() {
        return List.of("gemma3");
    }

    @Override
    public ModelConfig config(ModelKeys keys) throws GgufException {
        keys.requireIfThere("attention.sliding_window", 0, "as layers with a window are not supported");
        return keys.shape(GateFunction.GELU, true);
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
                norm("blk.N.post_attention_norm", c.width()),
                norm("blk.N.ffn_norm", c.width()),
                ternary("blk.N.ffn_gate", c.feedForward(), c.width()),
                ternary("blk.N.ffn_up", c.feedForward(), c.width()),
                ternary("blk.N.ffn_down", c.width(), c.feedForward()),
                norm("blk.N.post_ffw_norm", c.width()),
                norm("output_norm", c.width()),
                tokens("output", c.vocabulary(), c.width()).orNone())); // If missing, the embedding is used.
        tensors.addAll(TensorSpec.inputNorms(tensors));
        return tensors;
    }

    @Override
    public void forward(Graph g, ModelConfig c) {
        Rope rope = g.rope(Rope.Pairs.HALVES);
        Columns x = g.embedding();
        g.scale(x, (float) Math.sqrt(c.width()));
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
            Columns a = g.bitLinear(g.attention(q, k, v), "attn_output");
            g.normalize(a, "post_attention_norm");
            g.add(x, a);

            h = g.normalized(x, "ffn_norm");
            Columns f = g.bitLinear(g.gated(c.gate(), h, "ffn_gate", "ffn_up"), "ffn_down");
            g.normalize(f, "post_ffw_norm");
            g.add(x, f);
        }
        g.logits(x, "output_norm");
    }
}
