package io.qk256.avx2.jni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.qk256.spi.Kernel;
import io.qk256.spi.KernelProvider;
import io.qk256.spi.KernelUnavailableException;
import java.io.IOException;
import java.io.InputStream;
import org.junit.jupiter.api.Test;

class Avx2NativeProviderTest {

    @Test
    void aCpuWithoutTheFeaturesIsRefused() throws Exception {
        Avx2NativeProvider.requireCpu(0);

        assertThatThrownBy(() -> Avx2NativeProvider.requireCpu(Native.NO_FMA))
                .isInstanceOf(KernelUnavailableException.class)
                .hasMessage("the CPU lacks fma, or the operating system does not enable it; use another kernel");
        assertThatThrownBy(() -> Avx2NativeProvider.requireCpu(Native.NO_AVX2 | Native.NO_FMA))
                .hasMessageStartingWith("the CPU lacks avx2 and fma, ");
    }

    /** A JVM loads a file for one class loader only; plugin layers have class loaders of their own. */
    @Test
    void twoClassLoadersCanOpenTheKernelInOneJvm() throws Exception {
        assumeTrue(NativeLibrary.inJar(Platform.current()).isPresent(), "this build made no native library");
        String first = new Avx2NativeProvider().open().toString();
        Class<?> again = new Again().loadClass(Avx2NativeProvider.class.getName());

        KernelProvider second = (KernelProvider) again.getConstructor().newInstance();

        assertThat(again).isNotEqualTo(Avx2NativeProvider.class);
        assertThat(second.open().toString()).isNotEqualTo(first).startsWith("C with AVX2 and FMA intrinsics");
    }

    /** Defines the kernel's classes anew. */
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
        int all = Native.AVX_VNNI | Native.AVX512_VNNI;
        assertThat(Avx2NativeProvider.allowedExtensions(null)).isEqualTo(all);
        assertThat(Avx2NativeProvider.allowedExtensions("avx512-vnni")).isEqualTo(all);
        assertThat(Avx2NativeProvider.allowedExtensions("avx-vnni")).isEqualTo(Native.AVX_VNNI);
        assertThat(Avx2NativeProvider.allowedExtensions("avx2")).isZero();
    }

    @Test
    void theDescriptionTellsWhatIsUsedBeyondAvx2() {
        assertThat(new Avx2NativeKernel(0, "here")).hasToString("C with AVX2 and FMA intrinsics, from here");
        assertThat(new Avx2NativeKernel(Native.AVX_VNNI, "here"))
                .hasToString("C with AVX2 and FMA intrinsics, int8 products with AVX-VNNI, from here");
        assertThat(new Avx2NativeKernel(Native.AVX512_VNNI, "here"))
                .hasToString("C with AVX2 and FMA intrinsics, batches of int8 products with AVX-512 VNNI, from here");
        assertThat(new Avx2NativeKernel(Native.AVX_VNNI | Native.AVX512_VNNI, "here"))
                .hasToString("C with AVX2 and FMA intrinsics, int8 products with AVX-VNNI, batches of int8 products"
                        + " with AVX-512 VNNI, from here");
    }

    /** There is no switch in the library that the second could turn for the first. */
    @Test
    void eachKernelKeepsItsTier() throws Exception {
        assumeTrue(NativeLibrary.inJar(Platform.current()).isPresent(), "this build made no native library");
        String widest = new Avx2NativeProvider().open().toString();
        Kernel narrow = openWith("avx2");
        String described = narrow.toString();

        assertThat(described).startsWith("C with AVX2 and FMA intrinsics, from ");
        assertThat(openWith("avx512-vnni")).hasToString(widest);
        assertThat(narrow).hasToString(described);
    }

    private static Kernel openWith(String tier) throws KernelUnavailableException {
        System.setProperty(Avx2NativeProvider.TIER, tier);
        try {
            return new Avx2NativeProvider().open();
        } finally {
            System.clearProperty(Avx2NativeProvider.TIER);
        }
    }

    @Test
    void aTierThatIsNoneIsRefused() {
        assertThatThrownBy(() -> Avx2NativeProvider.allowedExtensions("avx512"))
                .isInstanceOf(KernelUnavailableException.class)
                .hasMessage(
                        "-Dqk256.native.tier=avx512 names no tier, expected avx2, avx-vnni or avx512-vnni, or leave it out");
    }
}
