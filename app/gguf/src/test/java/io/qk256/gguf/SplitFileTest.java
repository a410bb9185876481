package io.qk256.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.gguf.convert.Conversion;
import io.qk256.gguf.convert.RepackCache;
import io.qk256.gguf.layout.I2sLayout;
import io.qk256.gguf.layout.WeightFile;
import io.qk256.testing.Fixtures;
import io.qk256.testing.Fuzz;
import io.qk256.testing.Fuzz.Outcome;
import io.qk256.testing.Mutations;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A model in three files that llama.cpp loads. */
class SplitFileTest {

    @Test
    void aNameTellsAllParts() {
        assertThat(GgufFile.files(Path.of("d", "m-00001-of-00002.gguf")))
                .contains(Path.of("d", "m-00001-of-00002.gguf"), Path.of("d", "m-00002-of-00002.gguf"));
        assertThat(GgufFile.files(Path.of("m.gguf"))).containsExactly(Path.of("m.gguf"));
    }

    @TempDir
    private Path dir;

    private Path part(int number) {
        return dir.resolve("split-0000" + number + "-of-00003.gguf");
    }

    @BeforeEach
    void copy() throws IOException {
        for (int number = 1; number <= 3; number++) {
            Files.write(part(number), Fixtures.bytes("families/" + part(number).getFileName()));
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
        Files.write(part(3), Arrays.copyOf(bytes, bytes.length / 2));

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

    /** Bytes of one part are changed; the whole opens, or one part with the reason, or nothing. */
    @Test
    void damagedPartsAreReadOrRefused() throws IOException {
        byte[][] whole = new byte[3][];
        for (int i = 0; i < 3; i++) {
            whole[i] = Files.readAllBytes(part(i + 1));
        }
        Mutations[] mutations = Arrays.stream(whole).map(Mutations::new).toArray(Mutations[]::new);
        Fuzz.run("of split files", 500, random -> {
            int changed = random.nextInt(3);
            for (int i = 0; i < 3; i++) {
                Files.write(part(i + 1), i == changed ? mutations[i].next(random) : whole[i]);
            }
            try (GgufFile file = WeightFile.open(part(1 + random.nextInt(3)))) {
                Optional<String> incomplete = file.incomplete();
                incomplete.ifPresent(
                        why -> assertThat(why).contains(dir.toString()).hasSizeLessThan(1000));
                return incomplete.isEmpty() ? Outcome.ACCEPTED : Outcome.REFUSED;
            } catch (GgufException e) {
                assertThat(e.getMessage()).contains(dir.toString()).hasSizeLessThan(1000);
                return Outcome.REFUSED;
            }
        });
    }

    @Test
    void convertsToOneFile() throws IOException {
        Path out = dir.resolve("out.gguf");
        try (GgufFile file = WeightFile.open(part(2))) {
            Conversion.convert(file, out, Conversion.Target.Q2_0, false, 1, Progress.NONE);
            assertThatThrownBy(() -> Conversion.convert(file, part(3), Conversion.Target.Q2_0, false, 1, Progress.NONE))
                    .hasMessageContaining("is the file to read");
            try (GgufFile one = WeightFile.open(out)) {
                assertThat(one.tensors()).hasSize(file.tensors().size());
                assertThat(one.find("split.count")).isEmpty();
                assertThat(one.find("tokenizer.ggml.tokens")).isPresent();
            }
        }
    }

    @Test
    void isCachedAsOneFile() throws IOException {
        Path caches = dir.resolve("caches");
        for (int asked : new int[] {3, 1, 2}) {
            List<String> told = new ArrayList<>();
            try (GgufFile file =
                    RepackCache.open(part(asked), I2sLayout.X86, Optional.of(caches), 1, Progress.NONE, told::add)) {
                assertThat(file.requireTensor("blk.0.attn_q.weight").type()).isEqualTo(TensorType.QK256);
            }
            assertThat(told).isEmpty();
        }
        assertThat(caches).isDirectoryContaining("glob:**split-00001-of-00003-*.qk256-cache.gguf");
        byte[] bytes = Files.readAllBytes(part(2));
        bytes[bytes.length - 40] ^= 1;
        Files.write(part(2), bytes);
        List<String> told = new ArrayList<>();
        RepackCache.open(part(1), I2sLayout.X86, Optional.of(caches), 1, Progress.NONE, told::add)
                .close();
        assertThat(told).singleElement().asString().contains("was made from another version of");
    }
}
