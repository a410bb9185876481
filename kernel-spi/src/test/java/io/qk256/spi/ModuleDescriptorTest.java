package io.qk256.spi;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleDescriptor.Requires;
import java.lang.module.ModuleFinder;
import java.net.URISyntaxException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The contract brings no other module to an engine. */
class ModuleDescriptorTest {

    @Test
    void needsJavaBaseOnly() throws URISyntaxException {
        assertThat(descriptor().requires())
                .filteredOn(requires -> !requires.modifiers().contains(Requires.Modifier.STATIC))
                .extracting(Requires::name)
                .containsExactly("java.base");
    }

    @Test
    void exportsTheContractAndTheLibraryAroundItToEveryone() throws URISyntaxException {
        assertThat(descriptor().exports())
                .filteredOn(exports -> !exports.isQualified())
                .extracting(ModuleDescriptor.Exports::source)
                .containsExactlyInAnyOrder(
                        "io.qk256.spi",
                        "io.qk256.spi.memory",
                        "io.qk256.spi.parallel",
                        "io.qk256.spi.plugin",
                        "io.qk256.spi.selection");
        assertThat(descriptor().uses())
                .containsExactlyInAnyOrder(
                        "io.qk256.spi.KernelProvider",
                        "io.qk256.spi.support.F16Attention$Source",
                        "io.qk256.spi.support.MemoryReader$Source",
                        "io.qk256.spi.support.Q8Rounding$Source");
    }

    private static ModuleDescriptor descriptor() throws URISyntaxException {
        Path classes = Path.of(
                Kernel.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        return ModuleFinder.of(classes).find("io.qk256.spi").orElseThrow().descriptor();
    }
}
