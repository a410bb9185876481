package io.qk256.spi.selection;

import static io.qk256.spi.selection.Rejection.assertRejected;
import static java.lang.constant.ConstantDescs.CD_Object;
import static java.lang.constant.ConstantDescs.CD_String;
import static java.lang.constant.ConstantDescs.CD_void;
import static java.lang.constant.ConstantDescs.INIT_NAME;
import static java.lang.constant.ConstantDescs.MTD_void;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.qk256.spi.KernelProvider;
import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Providers on a separate class path, some of them broken. */
class KernelSourceTest {

    private static final ClassDesc FAILURE = ClassDesc.of("java.lang.IllegalStateException");

    private Path classPath = Path.of("");

    @BeforeEach
    void makeClassPath(@TempDir Path directory) throws IOException {
        classPath = Files.createDirectories(directory.resolve("with a space"));
    }

    @Test
    void aProviderThatExistsIsItsOwnSource() {
        FakeProvider provider = new FakeProvider("fast", 5);
        KernelSource source = KernelSource.of(provider);
        assertThat(source.provider().get()).isSameAs(provider);
        assertThat(source.label()).isEqualTo("io.qk256.spi.selection.FakeProvider");
        assertThat(source.module()).isEqualTo("io.qk256.spi");
        assertThat(Path.of(source.origin())).exists();
    }

    /** Such as an OSGi framework, whose bundles are unnamed modules. */
    @Test
    void aContainerNamesWhatItHasLoaded() {
        Artifact artifact = Artifact.ofContainer(
                "com.example.bundle", Optional.of("1.2.3"), "mvn:com.example/bundle", Optional.empty(), true);
        KernelSource source = new KernelSource("Fast", artifact, () -> new FakeProvider("fast", 5));
        Candidate candidate = KernelSelector.select(
                        List.of(source), CpuFeatures.unknown(), Jvm.current(), SelectionOptions.NONE)
                .candidates()
                .getFirst();
        assertThat(candidate.artifact()).isSameAs(artifact);
        assertThat(candidate.module()).isEqualTo("com.example.bundle");
        assertThat(artifact.version()).contains("1.2.3");
        assertThat(artifact.plugin()).isFalse();
        assertThat(artifact.nativeAccess()).isTrue();
        assertThat(candidate.steps())
                .extracting(Candidate.Step::gate)
                .startsWith(Gate.INSTALLED, Gate.RESOLVED, Gate.PROBED, Gate.FOUND, Gate.CONTRACT, Gate.CPU, Gate.JVM);
    }

    @Test
    void withoutProvidersNothingIsFound() throws IOException {
        assertThat(find("# nobody")).isEmpty();
    }

    @Test
    void aProviderIsFoundWithItsFile() throws IOException {
        writeProvider("com.example.Outdated", CodeBuilder::return_);
        List<KernelSource> sources = find("com.example.Outdated");
        assertThat(sources)
                .extracting(KernelSource::label, KernelSource::module, KernelSource::origin)
                .containsExactly(tuple("com.example.Outdated", "(class path)", classPath.toString()));
    }

    @Test
    void aProviderWithoutTheMethodsOfThisContractIsRejected() throws IOException {
        writeProvider("com.example.Outdated", CodeBuilder::return_);
        KernelSource source = find("com.example.Outdated").getFirst();
        assertThat(KernelSelector.select(List.of(source), Machines.CPU, Machines.JVM, SelectionOptions.NONE)
                        .candidates())
                .extracting(Candidate::why)
                .singleElement()
                .satisfies(why -> assertThat(why)
                        .startsWith("found: java.lang.AbstractMethodError: ")
                        .contains("com/example/Outdated", "name()"));
    }

    @Test
    void aConstructorThatThrowsIsRejectedForItsOwnReason() throws IOException {
        writeProvider(
                "com.example.Failing",
                code -> code.new_(FAILURE)
                        .dup()
                        .ldc("no licence")
                        .invokespecial(FAILURE, INIT_NAME, MethodTypeDesc.of(CD_void, CD_String))
                        .athrow());
        Candidate rejected = assertRejected(
                find("com.example.Failing").getFirst(),
                Gate.FOUND,
                "java.util.ServiceConfigurationError: io.qk256.spi.KernelProvider: Provider com.example.Failing could"
                        + " not be instantiated, caused by java.lang.IllegalStateException: no licence");
        assertThat(rejected.name()).isEqualTo("com.example.Failing");
    }

    @Test
    void theSearchGoesOnAfterAMissingClass() throws IOException {
        writeProvider("com.example.Outdated", CodeBuilder::return_);
        List<KernelSource> sources = find("com.example.Missing", "com.example.Outdated", "com.example.Gone");
        assertThat(sources)
                .extracting(KernelSource::label)
                .containsExactly("(unreadable)", "com.example.Outdated", "(unreadable)");
        Candidate missing = assertRejected(
                sources.getFirst(),
                Gate.FOUND,
                "java.util.ServiceConfigurationError: io.qk256.spi.KernelProvider: Provider com.example.Missing not"
                        + " found");
        assertThat(missing.failure()).containsInstanceOf(ServiceConfigurationError.class);
    }

    @Test
    void anUnreadableListOfServicesIsRejected() throws IOException {
        List<KernelSource> sources = find("this is no class name");
        assertThat(sources).extracting(KernelSource::label).containsExactly("(unreadable)");
    }

    /** What is found if the class path has a service file with these lines. */
    private List<KernelSource> find(String... services) throws IOException {
        Path list = classPath.resolve("META-INF/services/" + KernelProvider.class.getName());
        Files.createDirectories(list.getParent());
        Files.write(list, List.of(services));
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        // Not closed: the providers load their classes when they are created.
        URLClassLoader loader =
                new URLClassLoader(new URL[] {classPath.toUri().toURL()}, KernelProvider.class.getClassLoader());
        thread.setContextClassLoader(loader);
        try {
            return KernelSource.find();
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    /** A class that claims to be a provider, with nothing but a constructor. */
    private void writeProvider(String name, Consumer<CodeBuilder> constructor) throws IOException {
        byte[] bytes = ClassFile.of()
                .build(
                        ClassDesc.of(name),
                        type -> type.withFlags(ClassFile.ACC_PUBLIC)
                                .withInterfaceSymbols(ClassDesc.of(KernelProvider.class.getName()))
                                .withMethodBody(
                                        INIT_NAME,
                                        MTD_void,
                                        ClassFile.ACC_PUBLIC,
                                        code -> constructor.accept(
                                                code.aload(0).invokespecial(CD_Object, INIT_NAME, MTD_void))));
        Path file = classPath.resolve(name.replace('.', '/') + ".class");
        Files.createDirectories(file.getParent());
        Files.write(file, bytes);
    }
}
