package io.qk256.llm.model;

/** How the feed-forward network combines its gate and up projections. The architecture decides. */
public enum GateFunction {
    /** {@code relu(gate)^2 * up}: Microsoft's BitNet b1.58 2B4T ({@code hidden_act = relu2}). */
    SQUARED_RELU {
        @Override
        void apply(float[] gate, float[] up, int at, int n, Exponentials exponentials) {
            for (int i = at; i < at + n; i++) {
                float positive = Math.max(gate[i], 0);
                gate[i] = positive * positive * up[i];
            }
        }
    },

    /** {@code gate / (1 + exp(-gate)) * up}: Llama, Qwen3, and what llama.cpp calls {@code bitnet}. */
    SILU {
        @Override
        void apply(float[] gate, float[] up, int at, int n, Exponentials exponentials) {
            float[] e = exponentials.room(n);
            for (int i = 0; i < n; i++) {
                e[i] = -gate[at + i];
            }
            exponentials.apply(n);
            for (int i = 0; i < n; i++) {
                gate[at + i] = gate[at + i] / (1 + e[i]) * up[at + i];
            }
        }
    },

    /**
     * {@code gelu(gate) * up} with the approximation by tanh: {@code gelu(x) = x / 2 * (1 + tanh(y))}, where
     * {@code y = sqrt(2 / pi) * (x + 0.044715 x^3)}. This is {@code x / (1 + exp(-2y))}. Gemma.
     */
    GELU {
        private static final float TWICE_ROOT = (float) (2 * Math.sqrt(2 / Math.PI));

        @Override
        void apply(float[] gate, float[] up, int at, int n, Exponentials exponentials) {
            float[] e = exponentials.room(n);
            for (int i = 0; i < n; i++) {
                float x = gate[at + i];
                e[i] = -(TWICE_ROOT * x * (1 + 0.044715f * x * x));
            }
            exponentials.apply(n);
            for (int i = 0; i < n; i++) {
                gate[at + i] = gate[at + i] / (1 + e[i]) * up[at + i];
            }
        }
    };

    /**
     * Replaces the gate with the result.
     *
     * @param exponentials of the calling thread
     */
    abstract void apply(float[] gate, float[] up, int at, int n, Exponentials exponentials);
}
