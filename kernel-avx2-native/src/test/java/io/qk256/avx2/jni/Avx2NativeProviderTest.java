package io.qk256.avx2.jni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Batch;
import io.qk256.spi.Kernel;
import io.qk256.spi.KernelProvider;
import io.qk256.spi.KernelUnavailableException;
import io.qk256.spi.Qk256Matrix;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;

class Avx2NativeProviderTest {

    private static final Tuning NEAR = new Tuning(10_240, 8192, Tier.AVX_VNNI);
    private static final Tuning FAR = new Tuning(-8192, 4096, Tier.AVX512_VNNI);

    @Test
    void aCpuWithoutTheFeaturesIsRefused() throws Exception {
        Avx2NativeProvider.requireCpu(0);

        assertThatThrownBy(() -> Avx2NativeProvider.requireCpu(Native.NO_FMA))
                .isInstanceOf(KernelUnavailableException.class)
                .hasMessage("the CPU lacks fma, or the operating system does not enable it; use another kernel");
        assertThatThrownBy(() -> Avx2NativeProvider.requireCpu(Native.NO_AVX2 | Native.NO_FMA))
                .hasMessageStartingWith("the CPU lacks avx2 and fma, ");
    }

    /** A JVM loads a file for one class loader only, and each plugin layer has its own class loader. */
    @Test
    void twoClassLoadersCanOpenTheKernelInOneJvm() throws Exception {
        assumeTrue(NativeLibrary.inJar(Platform.current()).isPresent(), "this build made no native library");
        Kernel first = new Avx2NativeProvider().open();
        Class<?> again = new Again().loadClass(Avx2NativeProvider.class.getName());

        KernelProvider second = (KernelProvider) again.getConstructor().newInstance();

        assertThat(again).isNotEqualTo(Avx2NativeProvider.class);
        assertThat(second.open()).isNotSameAs(first).hasToString(first.toString());
    }

    /** Defines the kernel's classes again. */
    private static final class Again extends ClassLoader {

        Again() {
            super(Avx2NativeProvider.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (!name.startsWith(Avx2NativeProvider.class.getPackageName() + ".")) {
                return super.loadClass(name, resolve);
            }
            Class<?> known = findLoadedClass(name);
            return known != null ? known : define(name);
        }

        private Class<?> define(String name) throws ClassNotFoundException {
            String file = name.substring(name.lastIndexOf('.') + 1) + ".class";
            try (InputStream in = Avx2NativeProvider.class.getResourceAsStream(file)) {
                if (in == null) {
                    throw new ClassNotFoundException(name);
                }
                byte[] bytes = in.readAllBytes();
                return defineClass(name, bytes, 0, bytes.length);
            } catch (IOException e) {
                throw new ClassNotFoundException(name, e);
            }
        }
    }

    @Test
    void theWidestTierIsTheDefaultAndAWishLimitsIt() throws KernelUnavailableException {
        assertThat(Tier.upTo(null)).as("AMX must be named").isEqualTo(0b111);
        assertThat(Tier.upTo("amx")).isEqualTo(0b1111);
        assertThat(Tier.upTo("avx512-vnni")).isEqualTo(0b111);
        assertThat(Tier.upTo("avx-vnni")).isEqualTo(0b011);
        assertThat(Tier.upTo("avx2")).isEqualTo(0b001);
    }

    @Test
    void theDescriptionTellsWhatIsUsedBeyondAvx2() {
        assertThat(Avx2NativeKernel.description(0b001, 0b1111, NEAR, "here"))
                .isEqualTo("C with AVX2 and FMA intrinsics, prefetch t0:10240, from here");
        assertThat(Avx2NativeKernel.description(0b011, 0b1111, NEAR, "here"))
                .isEqualTo("C with AVX2 and FMA intrinsics, int8 products with AVX-VNNI, prefetch t0:10240, from here");
        assertThat(Avx2NativeKernel.description(0b101, 0b1111, FAR, "here"))
                .isEqualTo("C with AVX2 and FMA intrinsics, AVX-512 (F, BW, VL, VNNI), prefetch t2:8192, from here");
        assertThat(Avx2NativeKernel.description(0b111, 0b1111, FAR, "here"))
                .isEqualTo("C with AVX2 and FMA intrinsics, int8 products with AVX-VNNI, AVX-512 (F,"
                        + " BW, VL, VNNI), prefetch t2:8192, from here");
        assertThat(Avx2NativeKernel.description(0b001, 0b0011, NEAR, "here"))
                .isEqualTo("C with AVX2 and FMA intrinsics, built by a compiler without avx512-vnni and amx, prefetch"
                        + " t0:10240, from here");
    }

    /** The library has no shared switch that the second kernel could change for the first. */
    @Test
    void kernelsOfDifferentTiersLiveInOneProcess() throws Exception {
        assumeTrue(NativeLibrary.inJar(Platform.current()).isPresent(), "this build made no native library");
        Kernel narrow = openWith("avx2");
        Kernel wide = openWith("avx512-vnni");
        int runnable = Native.tiers();
        Tuning here = Tuning.of(Native.cpu(), runnable);
        int rows = 67;
        int columns = 5;
        Random random = new Random(42);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment codes = arena.allocate(rows * 512L / 4);
            I8Batch x = I8Batch.allocate(arena, columns, 512);
            codes.copyFrom(MemorySegment.ofArray(bytes(random, codes.byteSize())));
            x.segment().copyFrom(MemorySegment.ofArray(bytes(random, x.segment().byteSize())));
            Qk256Matrix w = Qk256Matrix.of(codes, rows, 512, Codebook.QK256);
            for (int turn = 0; turn < 3; turn++) {
                float[] narrowResult = gemm(narrow, w, x, arena);
                assertThat(gemm(wide, w, x, arena)).isEqualTo(narrowResult).isNotEqualTo(new float[rows * columns]);
                assertThat(narrow).hasToString(Avx2NativeKernel.description(0b001, Tier.built(), here, "its jar"));
                assertThat(wide).hasToString(Avx2NativeKernel.description(runnable, Tier.built(), here, "its jar"));
            }
        }
    }

    private static byte[] bytes(Random random, long n) {
        byte[] bytes = new byte[(int) n];
        random.nextBytes(bytes);
        return bytes;
    }

    private static float[] gemm(Kernel kernel, Qk256Matrix w, I8Batch x, Arena arena) {
        F32Vector y = F32Vector.allocate(arena, (long) w.rows() * x.columns());
        kernel.gemm(w, x, y);
        return y.toArray();
    }

    private static Kernel openWith(String tier) throws KernelUnavailableException {
        System.setProperty(Tier.PROPERTY, tier);
        try {
            return new Avx2NativeProvider().open();
        } finally {
            System.clearProperty(Tier.PROPERTY);
        }
    }

    @Test
    void aTierThatIsNoneIsRefused() {
        assertThatThrownBy(() -> Tier.upTo("avx512"))
                .isInstanceOf(KernelUnavailableException.class)
                .hasMessage(
                        "-Dqk256.native.tier=avx512 names no tier, expected avx2, avx-vnni, avx512-vnni or amx, or leave it out");
    }

    @Test
    void theCpuDecidesHowToPrefetch() {
        int amd = Native.AMD << 16;
        int intel = Native.INTEL << 16;
        assertThat(Tuning.of(amd | 0x19, 0b101)).isEqualTo(new Tuning(-16_384, 8192, Tier.AVX512_VNNI));
        assertThat(Tuning.of(amd | 0x19, 0b001)).as("Zen 3").hasToString("t0:10240");
        assertThat(Tuning.of(amd | 0x1A, 0b111)).isEqualTo(new Tuning(10_240, 8192, Tier.AVX_VNNI));
        assertThat(Tuning.of(intel | 6, 0b111)).isEqualTo(FAR);
        assertThat(Tuning.of(intel | 6, 0b011)).hasToString("t0:10240");
        assertThat(Tuning.of(0, 0b111)).hasToString("t0:10240");
    }

    @Test
    void aUserCanSetThePrefetch() throws KernelUnavailableException {
        assertThat(FAR.with(null)).isSameAs(FAR);
        assertThat(FAR.with("t0:4096")).isEqualTo(new Tuning(4096, 4096, Tier.AVX512_VNNI));
        assertThat(NEAR.with("t2:4096")).isEqualTo(new Tuning(-4096, -4096, Tier.AVX_VNNI));
        assertThatThrownBy(() -> NEAR.with("t3:1"))
                .isInstanceOf(KernelUnavailableException.class)
                .hasMessage(
                        "-Dqk256.native.prefetch=t3:1: expected t0:BYTES or t2:BYTES, as in t2:8192, or leave it out");
    }
}
