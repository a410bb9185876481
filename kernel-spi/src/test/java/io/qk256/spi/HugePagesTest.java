package io.qk256.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HugePagesTest {

    private static final long PAGE = 2L << 20;

    @ParameterizedTest
    @ValueSource(longs = {0, 1, PAGE - 1, PAGE, PAGE + 1, 5 * PAGE + 12_345})
    void memoryIsZeroedAlignedAndWritableToItsEnd(long bytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = HugePages.allocate(arena, bytes);

            assertThat(memory.byteSize()).isEqualTo(bytes);
            assertThat(memory.address() % 64).isZero();
            assertThat(memory.mismatch(MemorySegment.ofArray(new byte[(int) bytes])))
                    .isEqualTo(-1);
            memory.fill((byte) -1);
            if (bytes > 0) {
                assertThat(memory.get(ValueLayout.JAVA_BYTE, bytes - 1)).isEqualTo((byte) -1);
            }
        }
    }

    @Test
    void memoryGoesWithItsArena() {
        MemorySegment memory;
        try (Arena arena = Arena.ofShared()) {
            memory = HugePages.allocate(arena, 2 * PAGE);
        }

        assertThatIllegalStateException().isThrownBy(() -> memory.get(ValueLayout.JAVA_BYTE, 0));
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void memoryIsGivenBackToTheSystem() throws Exception {
        long before = mappedPages();
        for (int i = 0; i < 16; i++) {
            try (Arena arena = Arena.ofConfined()) {
                HugePages.allocate(arena, 64 * PAGE);
            }
        }

        assertThat(mappedPages() - before).as("pages of 4 KiB").isLessThan(8 * 64 * PAGE / 4096);
    }

    @Test
    void refusesNegativeSizes() {
        try (Arena arena = Arena.ofConfined()) {
            assertThatIllegalArgumentException().isThrownBy(() -> HugePages.allocate(arena, -1));
        }
    }

    private static long mappedPages() throws Exception {
        String sizes = Files.readString(Path.of("/proc/self/statm"));
        return Long.parseLong(sizes.substring(0, sizes.indexOf(' ')));
    }
}
