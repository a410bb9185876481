package io.qk256.spi.selection;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SpellingTest {

    private static final List<String> NAMES = List.of("scalar", "avx2-vector", "avx2-native", "avx512-native", "sve");

    @ParameterizedTest
    @CsvSource({
        "scalr, scalar",
        "sclaar, scalar",
        "scalarr, scalar",
        "scalar, scalar",
        "avx2-natve, avx2-native avx512-native",
        "avx2, avx2-vector avx2-native",
        "vector, avx2-vector",
        "native, avx2-native avx512-native",
        "sv, sve",
        "-, avx2-vector avx2-native avx512-native",
        "neon, ''",
        "cuda-kernel, ''",
        "'', ''"
    })
    void suggestsTheNearestFirst(String typed, String expected) {
        assertThat(String.join(" ", Spelling.nearest(typed, NAMES))).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"abcdef, abcdeX, true", "abcdef, abcdXY, true", "abcdef, abcXYZ, false", "ab, aX, true", "ab, XY, false"
    })
    void aThirdOfTheLettersMayDiffer(String typed, String name, boolean near) {
        assertThat(Spelling.nearest(typed, List.of(name))).hasSize(near ? 1 : 0);
    }

    @ParameterizedTest
    @CsvSource({"a"})
    void suggestsThreeAtMost(String typed) {
        assertThat(Spelling.nearest(typed, List.of("a4444", "a1", "a333", "a22")))
                .containsExactly("a1", "a22", "a333");
    }
}
