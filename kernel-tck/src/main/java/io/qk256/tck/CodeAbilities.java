package io.qk256.tck;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.reflect.AccessFlag;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * What the code of a jar or directory is able to use.
 *
 * @param nativeCode whether it contains a native library, or classes that can call one
 * @param vectorApi whether a class refers to the Vector API
 */
record CodeAbilities(boolean nativeCode, boolean vectorApi) {

    private static final List<String> LIBRARIES = List.of(".so", ".dll", ".dylib");
    private static final String LINKER = "java/lang/foreign/Linker";
    private static final String VECTOR_API = "jdk/incubator/vector";

    static CodeAbilities in(Path origin) throws IOException {
        if (Files.isDirectory(origin)) {
            return under(origin);
        }
        if (!Files.isRegularFile(origin)) {
            throw new NoSuchFileException(origin.toString());
        }
        try (FileSystem jar = FileSystems.newFileSystem(origin)) {
            return under(jar.getPath("/"));
        }
    }

    private static CodeAbilities under(Path root) throws IOException {
        CodeAbilities found = new CodeAbilities(false, false);
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                found = found.and(of(file));
            }
        }
        return found;
    }

    private static CodeAbilities of(Path file) throws IOException {
        String name = file.toString();
        if (LIBRARIES.stream().anyMatch(name::endsWith)) {
            return new CodeAbilities(true, false);
        }
        if (!name.endsWith(".class")) {
            return new CodeAbilities(false, false);
        }
        byte[] bytes = Files.readAllBytes(file);
        // Class names appear literally in the constant pool.
        String text = new String(bytes, ISO_8859_1);
        return new CodeAbilities(text.contains(LINKER) || hasNativeMethods(bytes), text.contains(VECTOR_API));
    }

    private static boolean hasNativeMethods(byte[] bytes) {
        return ClassFile.of().parse(bytes).methods().stream()
                .anyMatch(method -> method.flags().has(AccessFlag.NATIVE));
    }

    private CodeAbilities and(CodeAbilities other) {
        return new CodeAbilities(nativeCode || other.nativeCode, vectorApi || other.vectorApi);
    }
}
