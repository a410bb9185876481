package io.qk256.app.check;

import io.qk256.app.check.ProofReport.Check;
import io.qk256.app.check.ProofReport.Skipped;
import io.qk256.app.check.ProofReport.Speed;
import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.Progress;
import io.qk256.gguf.TensorType;
import io.qk256.gguf.layout.I2sLayout;
import io.qk256.gguf.layout.Repack;
import io.qk256.gguf.layout.WeightFile;
import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256Matrix;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Checks a kernel on real weights: on data recorded from bitnet.cpp and ggml and on a small BitNet model in two packings, or
 * on every 2-bit tensor of a GGUF file.
 *
 * <p>Dequantized weights and int8 products must equal the expected values bit for bit; f32 products must lie within the bound
 * of the contract. The expected values never pass through {@link Repack} or a kernel.
 */
public final class Proof {

    private final Kernel kernel;
    private final Progress progress;
    private final List<Check> checks = new ArrayList<>();

    private Proof(Kernel kernel, Progress progress) {
        this.kernel = kernel;
        this.progress = progress;
    }

    /**
     * Runs the proof on the calling thread. A kernel that throws counts as wrong; the proof continues.
     *
     * @param kernel the kernel
     * @param gguf the file to check it on; empty for the embedded data
     * @param progress called with the number of checked tensors, on the thread that runs the proof
     * @throws GgufException if the file violates its format, or has no 2-bit tensor that can be read
     * @throws IOException if the file cannot be read
     */
    public static ProofReport run(Kernel kernel, Optional<Path> gguf, Progress progress) throws IOException {
        return gguf.isPresent()
                ? run(kernel, gguf.get(), I2sLayout.X86, progress)
                : new Proof(kernel, progress).onOwnData();
    }

    /**
     * Runs the proof on a file, as above.
     *
     * @param i2sLayout how its I2_S tensors are packed
     */
    public static ProofReport run(Kernel kernel, Path gguf, I2sLayout i2sLayout, Progress progress) throws IOException {
        return new Proof(kernel, progress).onFile(gguf, i2sLayout);
    }

    private ProofReport onOwnData() throws GgufException {
        try (Arena arena = Arena.ofConfined()) {
            DemoProof demo = new DemoProof(kernel, arena);
            List<GgufTensor> tensors = demo.tensors();
            int total = tensors.size() + 2;
            add(RecordedI2s.check(kernel), total);
            add(RecordedTq2.check(kernel), total);
            for (GgufTensor tensor : tensors) {
                add(demo.check(tensor), total);
            }
            return report(List.of(), tensors);
        }
    }

    private ProofReport onFile(Path path, I2sLayout i2sLayout) throws IOException {
        try (GgufFile file = WeightFile.open(path, i2sLayout)) {
            file.requireWhole();
            List<GgufTensor> tensors = file.tensors().stream()
                    .filter(tensor -> Repack.refusal(tensor.type()).isEmpty())
                    .toList();
            List<Skipped> skipped = skipped(file);
            if (tensors.isEmpty()) {
                throw new GgufException(path
                        + ": no tensor is of type " + Repack.types() + ", expected at least one; found "
                        + describe(skipped) + "; give a file of a BitNet model in one of these types");
            }
            for (GgufTensor tensor : tensors) {
                add(check(path, tensor), tensors.size());
            }
            return report(skipped, tensors);
        }
    }

    private Check check(Path path, GgufTensor tensor) throws GgufException {
        Tally tally = new Tally(String.valueOf(path.getFileName()), tensor.name() + " " + tensor.type());
        try (Arena arena = Arena.ofConfined()) {
            Qk256Matrix matrix = Repack.repack(tensor, arena);
            if (!matrix.supportsInt8()) {
                throw new GgufException(
                        tensor + ": an int8 product of so many columns does not fit in int32, expected at "
                                + "most 8388607; no kernel can multiply it");
            }
            Activations activations = Activations.random(arena, matrix.cols());
            new TensorCheck(tensor, matrix).run(kernel, activations, tally);
        }
        return tally.check();
    }

    private static List<Skipped> skipped(GgufFile file) {
        Map<TensorType, Integer> counts = new EnumMap<>(TensorType.class);
        file.tensors().forEach(tensor -> counts.merge(tensor.type(), 1, Integer::sum));
        List<Skipped> skipped = new ArrayList<>();
        counts.forEach((type, count) ->
                Repack.refusal(type).ifPresent(why -> skipped.add(new Skipped(type.label(), count, why))));
        return skipped;
    }

    private static String describe(List<Skipped> skipped) {
        List<String> types = skipped.stream()
                .map(some -> some.tensors() + " of " + some.type())
                .toList();
        return types.isEmpty() ? "no tensor at all" : String.join(", ", types);
    }

    private void add(Check check, int total) {
        checks.add(check);
        progress.at("checking " + check.what(), checks.size(), total);
    }

    private ProofReport report(List<Skipped> skipped, List<GgufTensor> tensors) throws GgufException {
        boolean passed = checks.stream().allMatch(Check::passed);
        Optional<Speed> speed = passed ? Optional.of(SpeedMeter.measure(kernel, tensors)) : Optional.empty();
        return new ProofReport(checks, skipped, Activations.SEED, speed);
    }
}
