package io.qk256.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CodebookTest {

    @Test
    void theKnownFormatsHaveTheirValues() {
        assertThat(Codebook.QK256).isEqualTo(new Codebook(-2, -1, 1, 2));
        assertThat(Codebook.TERNARY).isEqualTo(new Codebook(-1, 0, 1, 2));
        assertThat(Codebook.Q2_0).isEqualTo(new Codebook(-1, 0, 1, 2));
    }

    @ParameterizedTest
    @CsvSource({"0, 0.5", "1, -3", "2, 7", "3, -0.25"})
    void aCodePicksItsValue(int code, float value) {
        assertThat(new Codebook(0.5f, -3, 7, -0.25f).value(code)).isEqualTo(value);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 4, Integer.MAX_VALUE})
    void aCodeHasTwoBits(int code) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Codebook.QK256.value(code))
                .withMessage("code: " + code + ", expected 0 to 3");
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void valuesAreFinite(float bad) {
        for (int code = 0; code < 4; code++) {
            float[] values = {-2, -1, 1, 2};
            values[code] = bad;
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new Codebook(values[0], values[1], values[2], values[3]))
                    .withMessage("codebook value of code " + code + ": " + bad + ", expected finite");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0, true",
        "-0.0, true",
        "63, true",
        "64, false",
        "-64, true",
        "-65, false",
        "0.5, false",
        "62.999996, false",
        "1e30, false",
        "-3.4028235e38, false"
    })
    void integerValuesSpanSevenBits(float value, boolean integer) {
        for (int code = 0; code < 4; code++) {
            float[] values = {-2, -1, 1, 2};
            values[code] = value;
            assertThat(new Codebook(values[0], values[1], values[2], values[3]).supportsInt8())
                    .as("value of code %d is %s", code, value)
                    .isEqualTo(integer);
        }
    }

    @ParameterizedTest
    @CsvSource({"-9, 1, 2, 3, 9", "0, -9.5, 2, 3, 9.5", "0, 1, 9, 3, 9", "0, 1, 2, -9, 9", "0, -0.0, 0, 0, 0"})
    void magnitudeIgnoresTheSign(float v0, float v1, float v2, float v3, float largest) {
        assertThat(new Codebook(v0, v1, v2, v3).maxMagnitude()).isEqualTo(largest);
    }
}
