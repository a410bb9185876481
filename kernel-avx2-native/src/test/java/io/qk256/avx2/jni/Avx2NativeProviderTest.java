package io.qk256.avx2.jni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

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
        assertThat(Avx2NativeProvider.widestTier(null)).isEqualTo(Native.AVX_VNNI);
        assertThat(Avx2NativeProvider.widestTier("avx-vnni")).isEqualTo(Native.AVX_VNNI);
        assertThat(Avx2NativeProvider.widestTier("avx2")).isEqualTo(Native.AVX2);
    }

    @Test
    void aTierThatIsNoneIsRefused() {
        assertThatThrownBy(() -> Avx2NativeProvider.widestTier("avx512"))
                .isInstanceOf(KernelUnavailableException.class)
                .hasMessage("-Dqk256.native.tier=avx512 names no tier, expected avx2 or avx-vnni, or leave it out");
    }
}
