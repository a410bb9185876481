package io.qk256.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.gguf.layout.WeightFile;
import io.qk256.testing.Fixtures;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A model in three files that llama.cpp loads. */
class SplitFileTest {

    @TempDir
    private Path dir;

    private Path part(int number) {
        return dir.resolve("split-0000" + number + "-of-00003.gguf");
    }

    @BeforeEach
    void copy() throws IOException {
        for (int number = 1; number <= 3; number++) {
            Files.write(part(number), Fixtures.bytes("split/" + part(number).getFileName()));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void anyPartOpensTheWhole(int number) throws IOException {
        try (GgufFile file = WeightFile.open(part(number))) {
            file.requireWhole();
            assertThat(file.name()).isEqualTo(part(1).toString());
            assertThat(file.architecture()).isEqualTo("llama");
            assertThat(file.parts())
                    .extracting(GgufFile.Part::name)
                    .containsExactly(part(1).toString(), part(2).toString(), part(3).toString());
            assertThat(file.tensors())
                    .hasSize((int) file.require("split.tensors.count").asInteger(0, 1000))
                    .extracting(GgufTensor::type)
                    .containsOnly(TensorType.Q2_0, TensorType.F32);
            for (GgufFile.Part part : file.parts()) {
                try (GgufFile alone = GgufFile.of(part.bytes(), "alone")) {
                    assertThat(alone.tensors())
                            .isNotEmpty()
                            .allSatisfy(tensor -> assertThat(file.requireTensor(tensor.name())
                                            .data()
                                            .mismatch(tensor.data()))
                                    .as(tensor.name())
                                    .isEqualTo(-1));
                }
            }
        }
    }

    private void assertIncomplete(int asked, String... message) throws IOException {
        try (GgufFile file = WeightFile.open(part(asked))) {
            assertThat(file.parts()).hasSize(1);
            assertThat(file.name()).isEqualTo(part(asked).toString());
            assertThatThrownBy(file::requireWhole)
                    .isInstanceOf(GgufException.class)
                    .hasMessageContainingAll(message);
        }
    }

    @Test
    void aMissingPartIsNamed() throws IOException {
        Files.delete(part(2));

        assertIncomplete(
                3,
                part(3) + ": this is part 3 of 3 of a split model",
                "part 2 is missing (" + part(2) + ": no such file",
                "get the missing one");
    }

    @Test
    void aRenamedPartIsTold() throws IOException {
        Path renamed = Files.move(part(2), dir.resolve("second.gguf"));

        try (GgufFile file = WeightFile.open(renamed)) {
            assertThatThrownBy(file::requireWhole)
                    .hasMessageContaining("second.gguf: this is part 2 of 3 of a split model, expected a name that"
                            + " ends in -00002-of-00003.gguf");
        }
    }

    @Test
    void partsInWrongOrderAreRefused() throws IOException {
        Files.move(part(2), dir.resolve("x"));
        Files.move(part(3), part(2));
        Files.move(dir.resolve("x"), part(3));

        assertIncomplete(1, part(2) + ": split.no is 2 and split.count is 3, expected 1 and 3");
    }

    @Test
    void aDamagedPartIsRefusedWithItsName() throws IOException {
        byte[] bytes = Files.readAllBytes(part(3));
        Files.write(part(3), java.util.Arrays.copyOf(bytes, bytes.length / 2));

        assertIncomplete(1, part(3).toString(), "the file is cut off or damaged");
    }

    /** Writes a part again with other keys or tensors. */
    private void rewrite(int number, Consumer<GgufWriter> more, boolean isWithTensors) throws IOException {
        GgufWriter writer = new GgufWriter();
        Path changed = dir.resolve("changed");
        try (GgufFile file = GgufFile.of(MemorySegment.ofArray(Files.readAllBytes(part(number))), "part")) {
            file.metadata().values().forEach(writer::copy);
            more.accept(writer);
            List<GgufTensor> tensors = isWithTensors ? List.copyOf(file.tensors()) : List.of();
            tensors.forEach(tensor -> writer.tensor(tensor.name(), tensor.type(), tensor.dims(), tensor.data()));
            writer.write(changed);
        }
        Files.move(changed, part(number), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    }

    @Test
    void aPartOfAnotherArchitectureIsRefused() throws IOException {
        rewrite(2, writer -> writer.text("general.architecture", "qwen3"), true);

        assertIncomplete(
                1,
                part(2) + ": general.architecture is qwen3, expected llama",
                "a part is of another model or damaged");
    }

    @Test
    void missingTensorsAreRefused() throws IOException {
        rewrite(3, writer -> {}, false);

        assertIncomplete(1, "split.tensors.count is 20, expected ", "the number of tensors in all parts");
    }

    @Test
    void tensorsInTwoPartsAreRefused() throws IOException {
        String first;
        try (GgufFile file = GgufFile.of(MemorySegment.ofArray(Files.readAllBytes(part(1))), "part")) {
            first = file.tensors().iterator().next().name();
        }
        rewrite(
                3,
                writer -> writer.tensor(first, TensorType.F32, List.of(1L), MemorySegment.ofArray(new byte[4])),
                true);

        assertIncomplete(1, part(3) + ": tensor " + first + " is also in " + part(1));
    }
}
