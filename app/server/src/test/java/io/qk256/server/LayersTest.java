package io.qk256.server;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The protocol knows nothing of sockets, what all endpoints share knows no model, and nobody knows the command line. */
class LayersTest {

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.qk256.server");

    @Test
    void packagesDependOnEachOtherInOneDirection() {
        layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .layer("server")
                .definedBy("io.qk256.server")
                .layer("api")
                .definedBy("io.qk256.server.api")
                .layer("http")
                .definedBy("io.qk256.server.http")
                .whereLayer("server")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("api")
                .mayOnlyBeAccessedByLayers("server")
                .check(CLASSES);
    }

    @Test
    void theProtocolKnowsNoHttpLibrary() {
        noClasses()
                .that()
                .resideInAPackage("io.qk256.server.api")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.eclipse.jetty..")
                .check(CLASSES);
    }

    @Test
    void whatEndpointsShareKnowsNoModel() {
        noClasses()
                .that()
                .resideInAPackage("io.qk256.server.http")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.qk256.llm..", "io.qk256.gguf..", "io.qk256.spi..")
                .check(CLASSES);
    }

    @Test
    void nobodyKnowsTheCommandLine() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.qk256.app..", "picocli..", "oshi..")
                .check(CLASSES);
    }
}
