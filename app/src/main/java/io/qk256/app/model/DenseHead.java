package io.qk256.app.model;

/**
 * The head as the file has it, exactly: for f16 as ggml computes it, which rounds the state to f16, and then every product is
 * exact.
 */
final class DenseHead extends OutputHead {

    private final Reductions reductions;
    private final DenseMatrix weights;
    private final ThreadLocal<DenseMatrix.Reader> readers;

    DenseHead(Reductions reductions, DenseMatrix weights) {
        this.reductions = reductions;
        this.weights = weights;
        this.readers = ThreadLocal.withInitial(weights::reader);
    }

    @Override
    boolean roundsToHalf() {
        return weights.isHalf();
    }

    @Override
    long bytes() {
        return weights.bytes();
    }

    @Override
    void rows(float[] x, float[] logits, int from, int to) {
        DenseMatrix.Reader reader = readers.get();
        for (int row = from; row < to; row++) {
            reader.read(row);
            logits[row] = reductions.dot(reader.row, 0, x, 0, weights.cols());
        }
    }

    @Override
    public String toString() {
        return weights.isHalf() ? "F16" : "F32";
    }
}
