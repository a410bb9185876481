package io.qk256.llm.model;

/** How the feed-forward network combines its gate and up projections. The architecture decides. */
public enum GateFunction {
    /** {@code relu(gate)^2 * up}: Microsoft's BitNet b1.58 2B4T ({@code hidden_act = relu2}). */
    SQUARED_RELU {
        @Override
        void apply(float[] gate, float[] up, int at, int n) {
            for (int i = at; i < at + n; i++) {
                float positive = Math.max(gate[i], 0);
                gate[i] = positive * positive * up[i];
            }
        }
    },

    /** {@code gate / (1 + exp(-gate)) * up}: Llama, Qwen3, and what llama.cpp calls {@code bitnet}. */
    SILU {
        @Override
        void apply(float[] gate, float[] up, int at, int n) {
            for (int i = at; i < at + n; i++) {
                gate[i] = gate[i] / (1 + Exp.of(-gate[i])) * up[i];
            }
        }
    };

    /** Replaces the gate with the result. */
    abstract void apply(float[] gate, float[] up, int at, int n);
}
