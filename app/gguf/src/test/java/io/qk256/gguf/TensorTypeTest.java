package io.qk256.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TensorTypeTest {

    /** The first three are tensors of Microsoft's published 2B model. */
    @ParameterizedTest
    @CsvSource({
        "F16, 2560, 128256, 656670720",
        "I2_S, 2560, 640, 409632",
        "I2_S, 6912, 2560, 4423712",
        "F32, 2560, 1, 10240",
        "Q8_0, 256, 3, 816",
        "Q6_K, 512, 2, 840",
        "TQ1_0, 512, 4, 432",
        "TQ2_0, 512, 4, 528",
        "TL1, 256, 2, 160"
    })
    void knowsTheSizeOfATensor(TensorType type, long cols, long rows, long bytes) {
        assertThat(type.bytes(cols * rows)).isEqualTo(bytes);
    }

    @Test
    void everyIdOfGgmlHasATypeUnlessItWasRemoved() {
        for (int id = 0; id < 43; id++) {
            assertThat(TensorType.of(id, "llama").orElseThrow() == TensorType.OTHER)
                    .as("id %d", id)
                    .isEqualTo(TensorType.wasRemoved(id));
        }
        assertThat(TensorType.of(43, "llama")).contains(TensorType.OTHER);
        assertThat(TensorType.of(65_535, "llama")).contains(TensorType.OTHER);
        assertThat(TensorType.of(65_536, "llama")).isEmpty();
        assertThat(TensorType.of(-1, "llama")).isEmpty();
    }

    @Test
    void noTwoTypesShareALabel() {
        List<String> labels =
                Arrays.stream(TensorType.values()).map(TensorType::label).toList();
        assertThat(labels).doesNotHaveDuplicates().contains("I2_S (type 36)", "TL2");
    }

    @ParameterizedTest
    @ValueSource(strings = {"bitnet", "bitnet-b1.58", "bitnet-25"})
    void twoIdsAreTl2InModelsOfBitnetCpp(String architecture) {
        assertThat(TensorType.of(39, architecture)).hasValue(TensorType.TL2);
        assertThat(TensorType.of(42, architecture)).hasValue(TensorType.TL2);
        assertThat(TensorType.of(36, architecture)).hasValue(TensorType.I2_S);
    }
}
