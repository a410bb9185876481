package io.qk256.gguf;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The container does not depend on tensor contents, and the module depends on neither models nor the command line. */
class ArchitectureTest {

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.qk256.gguf");

    @Test
    void packagesDependOnEachOtherInOneDirection() {
        layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .layer("container")
                .definedBy("io.qk256.gguf")
                .layer("layout")
                .definedBy("io.qk256.gguf.layout")
                .layer("convert")
                .definedBy("io.qk256.gguf.convert")
                .whereLayer("container")
                .mayNotAccessAnyLayer()
                .whereLayer("layout")
                .mayOnlyAccessLayers("container")
                .whereLayer("convert")
                .mayOnlyAccessLayers("container", "layout")
                .check(CLASSES);
    }

    @Test
    void theContainerKnowsNoLayoutOfKernels() {
        noClasses()
                .that()
                .resideInAPackage("io.qk256.gguf")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.qk256.spi", "io.qk256.spi.memory", "io.qk256.spi.selection", "io.qk256.spi.plugin")
                .check(CLASSES);
    }

    @Test
    void nobodyKnowsModelsAndTheCommandLine() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.qk256.llm..",
                        "io.qk256.server..",
                        "io.qk256.app..",
                        "picocli..",
                        "com.google.gson..",
                        "oshi..")
                .check(CLASSES);
    }
}
