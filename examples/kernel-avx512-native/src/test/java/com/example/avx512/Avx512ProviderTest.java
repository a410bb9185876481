package com.example.avx512;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.qk256.spi.CpuFeature;
import io.qk256.spi.KernelProvider;
import io.qk256.spi.KernelUnavailableException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.module.Configuration;
import java.lang.module.ModuleFinder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.ServiceLoader;
import java.util.Set;
import org.junit.jupiter.api.Test;

class Avx512ProviderTest {

    private final Avx512Provider provider = new Avx512Provider();

    @Test
    void everyInstructionSetOfTheCompilersOptionsIsRequired() {
        Set<CpuFeature> expected = EnumSet.of(
                CpuFeature.AVX2,
                CpuFeature.AVX512F,
                CpuFeature.AVX512BW,
                CpuFeature.AVX512VL,
                CpuFeature.AVX512_VNNI);

        assertEquals(expected, provider.requirements().cpu());
        assertEquals(Set.of(), provider.requirements().jvm());
    }

    /** One list is for the module path, the other for the class path. */
    @Test
    void bothListsOfProvidersAreTheSame() throws IOException {
        String service = KernelProvider.class.getName();
        String list;
        try (InputStream in = Avx512Provider.class.getResourceAsStream("/META-INF/services/" + service)) {
            list = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }

        List<String> provided = Avx512Provider.class.getModule().getDescriptor().provides().stream()
                .filter(provides -> provides.service().equals(service))
                .flatMap(provides -> provides.providers().stream())
                .toList();

        assertEquals(provided, list.lines().toList());
    }

    @Test
    void theBuiltInKernelsAreOutranked() {
        assertTrue(provider.rank() > 300, "rank " + provider.rank() + ", avx2-native has 300");
    }

    @Test
    void aCpuThatLacksSomethingIsRefusedByName() {
        assertDoesNotThrow(() -> Avx512Provider.requireCpu(0));

        assertRefused(0b10000, "the CPU lacks avx512_vnni, or the operating system does not enable it; use another kernel");
        assertRefused(
                0b00110,
                "the CPU lacks avx512f, avx512bw, or the operating system does not enable it; use another kernel");
    }

    private static void assertRefused(int missing, String message) {
        KernelUnavailableException refusal =
                assertThrows(KernelUnavailableException.class, () -> Avx512Provider.requireCpu(missing));
        assertEquals(message, refusal.getMessage());
    }

    /** As for two plugins, or one that is loaded again: each has its own class loader, and so its own library. */
    @Test
    void theKernelOpensInALayerOfItsOwnBesideThisOne() throws Exception {
        try {
            provider.open();
        } catch (KernelUnavailableException e) {
            assumeTrue(false, e.getMessage());
        }

        KernelProvider other = providerInAnotherLayer();

        assertNotSame(Avx512Provider.class, other.getClass());
        assertEquals("avx512-native", other.name());
        assertEquals("C with AVX-512 and VNNI intrinsics", other.open().toString());
    }

    @SuppressWarnings("restricted") // The layer may load native code, as if the operator had allowed it for the plugin.
    private static KernelProvider providerInAnotherLayer() throws Exception {
        Module here = Avx512Provider.class.getModule();
        Path classes = Path.of(
                Avx512Provider.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        Configuration configuration = ModuleLayer.boot()
                .configuration()
                .resolve(ModuleFinder.of(classes), ModuleFinder.of(), Set.of(here.getName()));
        ModuleLayer.Controller controller = ModuleLayer.defineModulesWithOneLoader(
                configuration,
                List.of(ModuleLayer.boot()),
                ClassLoader.getPlatformClassLoader());
        ModuleLayer layer = controller.layer();
        controller.enableNativeAccess(layer.findModule(here.getName()).orElseThrow());
        here.addUses(KernelProvider.class);
        return ServiceLoader.load(layer, KernelProvider.class).stream()
                .filter(found -> found.type().getModule().getLayer() == layer)
                .findFirst()
                .orElseThrow()
                .get();
    }
}
