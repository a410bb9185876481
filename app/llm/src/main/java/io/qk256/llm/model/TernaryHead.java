package io.qk256.llm.model;

import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.function.Supplier;

/**
 * An output head of 2-bit weights, multiplied by a kernel. The state is quantized {@linkplain Activations#IN_GROUPS in
 * groups}, whatever the layers do: no model was trained with a rounded state here.
 */
final class TernaryHead extends OutputHead {

    private final Qk256Matrix weights;

    TernaryHead(Qk256Matrix weights) {
        this.weights = weights;
    }

    @Override
    long bytes() {
        return Weights.bytes(weights);
    }

    @Override
    HeadProduct product(Supplier<Reductions> reductions, Kernel kernel, Crew threads, int vocabulary, Arena arena) {
        return new Product(reductions, kernel, threads, arena);
    }

    @Override
    public String toString() {
        return "2 bits";
    }

    private final class Product extends HeadProduct {

        /** More at once would save little time and take much memory. */
        private static final int MOST_COLUMNS = 8;

        private final Supplier<Reductions> reductions;
        private final QuantizedColumns operands;
        private final KernelResults results;
        private final Products products;

        Product(Supplier<Reductions> reductions, Kernel kernel, Crew threads, Arena arena) {
            this.reductions = reductions;
            this.operands = new QuantizedColumns(arena, MOST_COLUMNS, weights.cols(), Activations.IN_GROUPS);
            this.results = new KernelResults(arena, MOST_COLUMNS, weights.rows());
            this.products = new Products(kernel, threads, List.of(operands), List.of(weights), List.of(results));
        }

        @Override
        void apply(float[][] states, float[][] logits, int columns) {
            for (int first = 0; first < columns; first += MOST_COLUMNS) {
                int count = Math.min(MOST_COLUMNS, columns - first);
                for (int i = 0; i < count; i++) {
                    operands.quantize(reductions.get(), i, states[first + i], 0);
                }
                products.apply(count);
                for (int i = 0; i < count; i++) {
                    results.copy(i, logits[first + i], 0);
                }
            }
        }
    }
}
