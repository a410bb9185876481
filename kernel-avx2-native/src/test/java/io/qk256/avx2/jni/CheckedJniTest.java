package io.qk256.avx2.jni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.parallel.ParallelKernel;
import java.io.File;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Several threads write to parts of one array. A JVM may give native code a copy of an array; with {@code -Xcheck:jni}
 * it always does, and writes the whole copy back.
 */
class CheckedJniTest {

    private static final int CALLS = 2000;

    @Test
    void threadsLeaveEachOthersRowsAlone() throws Exception {
        assumeTrue(NativeLibrary.inJar(Platform.current()).isPresent(), "this build made no native library");
        String classes = Stream.of(Kernel.class, Avx2NativeProvider.class, CheckedJniTest.class)
                .map(type -> type.getProtectionDomain().getCodeSource().getLocation())
                .map(location -> Path.of(location.getPath()).toString())
                .distinct()
                .collect(Collectors.joining(File.pathSeparator));
        Process child = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xcheck:jni",
                        "--enable-native-access=ALL-UNNAMED",
                        "-D" + NativeLibrary.DIRECTORY + "=" + System.getProperty(NativeLibrary.DIRECTORY, "target"),
                        "-cp",
                        classes,
                        Checked.class.getName())
                .redirectErrorStream(true)
                .start();
        String output = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(child.waitFor()).as(output).isZero();
    }

    /** What the child runs. */
    static final class Checked {

        private Checked() {}

        public static void main(String[] args) throws Exception {
            Kernel kernel = new Avx2NativeProvider().open();
            int rows = 512;
            int cols = 512;
            Random random = new Random(42);
            byte[] codes = new byte[rows * cols / 4];
            random.nextBytes(codes);
            byte[] q = new byte[cols];
            random.nextBytes(q);
            float[] x = new float[cols];
            for (int i = 0; i < cols; i++) {
                x[i] = random.nextInt(100);
            }
            MemorySegment onHeap = MemorySegment.ofArray(codes);
            Qk256Matrix w = Qk256Matrix.of(onHeap.asReadOnly(), rows, cols, Codebook.TERNARY);
            float[] f32 = new float[rows];
            float[] int8 = new float[rows];
            float[] weights = new float[rows * cols];
            kernel.gemv(w, F32Vector.of(x), F32Vector.of(f32));
            kernel.gemv(w, I8Vector.of(q, 1), F32Vector.of(int8));
            kernel.dequantize(w, F32Vector.of(weights));
            try (ParallelKernel parallel = ParallelKernel.withThreads(kernel, 4)) {
                for (int call = 0; call < CALLS; call++) {
                    float[] y = new float[rows];
                    parallel.gemv(w, F32Vector.of(x), F32Vector.of(y));
                    require("gemv-f32", call, y, f32);
                    parallel.gemv(w, I8Vector.of(q, 1), F32Vector.of(y));
                    require("gemv-i8", call, y, int8);
                    if (call % 10 == 0) {
                        float[] out = new float[rows * cols];
                        parallel.dequantize(w, F32Vector.of(out));
                        require("dequantize", call, out, weights);
                    }
                }
            }
        }

        private static void require(String operation, int call, float[] seen, float[] expected) {
            int at = Arrays.mismatch(seen, expected);
            if (at >= 0) {
                throw new AssertionError(operation + ", call " + call + ": element " + at + " is " + seen[at]
                        + ", expected " + expected[at]);
            }
        }
    }
}
