package io.qk256.avx2.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import jdk.incubator.vector.Vector;
import jdk.incubator.vector.VectorMask;
import org.junit.jupiter.api.Test;

class SignaturesTest {

    /** {@link Lanes} says why. */
    @Test
    void noMethodTakesOrReturnsAVector() throws Exception {
        List<Method> methods = methods();
        assertThat(methods).hasSizeGreaterThan(50);
        assertThat(methods)
                .filteredOn(method -> Stream.concat(
                                Stream.of(method.getReturnType()), Arrays.stream(method.getParameterTypes()))
                        .anyMatch(type -> Vector.class.isAssignableFrom(type) || type == VectorMask.class))
                .isEmpty();
    }

    private static List<Method> methods() throws Exception {
        URI lanes =
                Objects.requireNonNull(Lanes.class.getResource("Lanes.class")).toURI();
        Path directory = Objects.requireNonNull(Path.of(lanes).getParent());
        List<Method> methods = new ArrayList<>();
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                String name = String.valueOf(file.getFileName());
                if (name.endsWith(".class") && !name.startsWith("package-info")) {
                    String simple = name.substring(0, name.length() - ".class".length());
                    Class<?> type = Class.forName(Lanes.class.getPackageName() + "." + simple);
                    methods.addAll(List.of(type.getDeclaredMethods()));
                }
            }
        }
        return methods;
    }
}
