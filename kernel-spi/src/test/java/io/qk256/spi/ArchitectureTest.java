package io.qk256.spi;

import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The contract depends on none of its sibling packages, and they depend on each other in one direction only. */
class ArchitectureTest {

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.qk256.spi");

    @Test
    void packagesDependOnEachOtherInOneDirection() {
        layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .layer("contract")
                .definedBy("io.qk256.spi")
                .layer("support")
                .definedBy("io.qk256.spi.support")
                .layer("memory")
                .definedBy("io.qk256.spi.memory")
                .layer("parallel")
                .definedBy("io.qk256.spi.parallel")
                .layer("selection")
                .definedBy("io.qk256.spi.selection")
                .layer("plugin")
                .definedBy("io.qk256.spi.plugin")
                .whereLayer("contract")
                .mayNotAccessAnyLayer()
                .whereLayer("support")
                .mayNotAccessAnyLayer()
                .whereLayer("memory")
                .mayOnlyAccessLayers("contract", "parallel")
                .whereLayer("parallel")
                .mayOnlyAccessLayers("contract")
                .whereLayer("selection")
                .mayOnlyAccessLayers("contract", "parallel", "support")
                .whereLayer("plugin")
                .mayOnlyAccessLayers("contract", "selection", "support")
                .check(CLASSES);
    }
}
