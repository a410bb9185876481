package io.qk256.gguf.layout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.LittleEndian;
import io.qk256.gguf.Progress;
import io.qk256.gguf.TensorType;
import io.qk256.spi.Qk256Matrix;
import io.qk256.testing.Fixtures;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Repacks several tensors with several threads. */
class RepackAllTest {

    private final Arena arena = Arena.ofShared();

    @AfterEach
    void close() {
        arena.close();
    }

    private static List<GgufTensor> twoBitTensors(String file) throws GgufException {
        return WeightFile.of(Fixtures.ofProof(file), file).tensors().stream()
                .filter(tensor -> Repack.refusal(tensor.type()).isEmpty())
                .toList();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 100})
    void anyNumberOfThreadsGivesTheSameMatrices(int threads) throws GgufException {
        List<GgufTensor> tensors = new ArrayList<>(twoBitTensors("demo-i2_s.gguf"));
        tensors.add(Fixtures.tensor("tq2", TensorType.TQ2_0, 512, 64, Fixtures.ofProof("tq2_0.blocks")));
        tensors.add(Fixtures.tensor(
                "rows4", TensorType.I2_S_ROWS4, 2560, 32, Fixtures.segment("i2s_32x2560.packed_rows4.bin")));
        List<Long> heard = new ArrayList<>();
        Thread caller = Thread.currentThread();

        Map<String, Qk256Matrix> matrices = Repack.repackAll(tensors, arena, threads, (what, done, total) -> {
            assertThat(what).isEqualTo("repacking");
            assertThat(Thread.currentThread()).isSameAs(caller);
            assertThat(done).isLessThanOrEqualTo(total);
            heard.add(done);
        });

        assertThat(matrices.keySet())
                .containsExactlyElementsOf(
                        tensors.stream().map(GgufTensor::name).toList());
        for (GgufTensor tensor : tensors) {
            Qk256Matrix one = Repack.repack(tensor, arena);
            Qk256Matrix other = Objects.requireNonNull(matrices.get(tensor.name()));
            assertThat(other.codes().mismatch(one.codes())).as(tensor.name()).isEqualTo(-1);
            assertThat(other.tensorScale()).isEqualTo(one.tensorScale());
            assertThat(other.groupScales().isPresent())
                    .isEqualTo(one.groupScales().isPresent());
        }
        assertThat(heard).isSorted();
        assertThat(heard.getLast())
                .isEqualTo(tensors.stream()
                        .mapToLong(tensor -> tensor.data().byteSize())
                        .sum());
    }

    @Test
    void aLargeTensorIsSharedByItsRows() throws GgufException {
        int rows = 4099;
        MemorySegment data = arena.allocate(TensorType.TQ2_0.bytes(rows * 1024L));
        for (long block = 0; block < rows * 4L; block++) {
            data.set(LittleEndian.I64, block * 66, block * 0x9E3779B97F4A7C15L);
            data.set(LittleEndian.I16, block * 66 + 64, (short) (block % 1000));
        }
        GgufTensor tensor = Fixtures.tensor("t", TensorType.TQ2_0, 1024, rows, data);

        Qk256Matrix one = Repack.repack(tensor, arena);
        Map<String, Qk256Matrix> all = Repack.repackAll(List.of(tensor), arena, 4, Progress.NONE);
        Qk256Matrix other = Objects.requireNonNull(all.get("t"));

        assertThat(other.codes().mismatch(one.codes())).isEqualTo(-1);
        assertThat(other.groupScales().orElseThrow().mismatch(one.groupScales().orElseThrow()))
                .isEqualTo(-1);
    }

    @Test
    void theFirstOfSeveralFailuresIsTold() throws GgufException {
        List<GgufTensor> tensors = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            byte[] packed = Fixtures.bytes("i2s_128x256.packed.bin");
            if (i % 7 == 3) {
                packed[700] = -1;
            }
            tensors.add(Fixtures.tensor("t" + i, TensorType.I2_S, 256, 128, Fixtures.segment(packed)));
        }
        assertThatThrownBy(() -> Repack.repackAll(tensors, arena, 3, Progress.NONE))
                .isInstanceOf(GgufException.class)
                .hasMessageContaining("tensor t3 of I2_S");
    }

    @Test
    void whatCannotBeRepackedIsToldBeforeAnyWork() {
        GgufTensor floats = Fixtures.tensor("f", TensorType.F32, 1, 1, Fixtures.segment(new byte[4]));
        assertThatThrownBy(() -> Repack.repackAll(List.of(floats), arena, 1, Progress.NONE))
                .isInstanceOf(GgufException.class)
                .hasMessageContaining("it does not have 2 bits a weight");
        assertThatThrownBy(() -> Repack.repackAll(List.of(), arena, 0, Progress.NONE))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("threads: 0, expected 1 or more");
    }
}
