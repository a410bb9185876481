package io.qk256.app.check;

import io.qk256.app.check.ProofReport.Check;
import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.TensorType;
import io.qk256.gguf.layout.Repack;
import io.qk256.gguf.layout.WeightFile;
import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.Arena;
import java.util.List;

/** Checks a kernel on both packings, I2_S and TQ2_0, of the same small BitNet model. */
final class DemoProof {

    private static final String TQ2 = "demo-tq2_0.gguf";

    private final Kernel kernel;
    private final GgufFile i2s;
    private final GgufFile tq2;

    DemoProof(Kernel kernel, Arena arena) throws GgufException {
        this.kernel = kernel;
        this.i2s = WeightFile.of(Resources.bytes(DemoModel.I2S, arena), DemoModel.I2S);
        this.tq2 = WeightFile.of(Resources.bytes(TQ2, arena), TQ2);
    }

    /** The ternary matrices of the model, in I2_S. */
    List<GgufTensor> tensors() {
        return i2s.tensors().stream()
                .filter(tensor -> tensor.type() == TensorType.I2_S)
                .toList();
    }

    /** Checks one matrix in both packings. */
    Check check(GgufTensor tensor) throws GgufException {
        Tally tally = new Tally("demo model, I2_S and TQ2_0", tensor.name());
        try (Arena arena = Arena.ofConfined()) {
            Activations activations = Activations.random(arena, Math.toIntExact(tensor.cols()));
            GgufTensor other = tq2.requireTensor(tensor.name());
            Qk256Matrix matrix = Repack.repack(tensor, arena);
            Qk256Matrix otherMatrix = Repack.repack(other, arena);
            new TensorCheck(tensor, matrix).run(kernel, activations, tally);
            new TensorCheck(other, otherMatrix).run(kernel, activations, tally);
            new Comparison(kernel, matrix, tally).sameAs(otherMatrix, activations.integers());
        }
        return tally.check();
    }
}
