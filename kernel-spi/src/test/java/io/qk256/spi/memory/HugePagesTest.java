package io.qk256.spi.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HugePagesTest {

    private static final long PAGE = 2L << 20;
    private static final int CALLS = 1000;

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

    @ParameterizedTest
    @ValueSource(longs = {0, PAGE, 32 * PAGE, Long.MAX_VALUE})
    void aClosedArenaIsRefusedAndNothingMapped(long bytes) throws Exception {
        Arena closed;
        try (Arena arena = Arena.ofShared()) {
            closed = arena;
        }
        long before = mappings();
        for (int i = 0; i < CALLS; i++) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> HugePages.allocate(closed, bytes))
                    .withMessage("arena: it is closed");
        }
        assertThat(mappings() - before).isLessThan(CALLS / 2);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, PAGE, 32 * PAGE})
    void anotherThreadsArenaIsRefusedAndNothingMapped(long bytes) throws Exception {
        try (Arena foreign = Arena.ofConfined()) {
            AtomicInteger refused = new AtomicInteger();
            long before = mappings();
            Thread thread = Thread.ofPlatform().start(() -> {
                for (int i = 0; i < CALLS; i++) {
                    try {
                        HugePages.allocate(foreign, bytes);
                    } catch (WrongThreadException e) {
                        refused.incrementAndGet();
                    }
                }
            });
            thread.join();
            assertThat(refused).hasValue(CALLS);
            assertThat(mappings() - before).isLessThan(CALLS / 2);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1L << 50, 1L << 62, Long.MAX_VALUE - PAGE, Long.MAX_VALUE - 1, Long.MAX_VALUE})
    void moreThanThereIsIsToldAsSuch(long bytes) {
        try (Arena arena = Arena.ofConfined()) {
            assertThatExceptionOfType(OutOfMemoryError.class)
                    .isThrownBy(() -> HugePages.allocate(arena, bytes))
                    .withMessageMatching(".*\\d{16,} bytes.*");
        }
    }

    @Test
    void piecesShareChunksAndAreApart() {
        List<MemorySegment> pieces = new ArrayList<>();
        Arena closed;
        try (Arena together = HugePages.sharedArena()) {
            closed = together;
            for (long bytes : new long[] {0, 1, 63, 64, 65, 1_638_400, 409_600, PAGE, 4_423_680, 40 * PAGE + 3, 7}) {
                for (int i = 0; i < 9; i++) {
                    MemorySegment piece = HugePages.allocate(together, bytes);
                    assertThat(piece.byteSize()).isEqualTo(bytes);
                    assertThat(piece.address() % 64).isZero();
                    assertThat(piece.mismatch(MemorySegment.ofArray(new byte[(int) bytes])))
                            .as("zeroed")
                            .isEqualTo(-1);
                    piece.fill((byte) (pieces.size() + 1));
                    pieces.add(piece);
                }
            }
            for (int i = 0; i < pieces.size(); i++) {
                byte[] expected = new byte[(int) pieces.get(i).byteSize()];
                Arrays.fill(expected, (byte) (i + 1));
                assertThat(pieces.get(i).mismatch(MemorySegment.ofArray(expected)))
                        .as("piece %d", i)
                        .isEqualTo(-1);
            }
            assertThat(together.allocate(24, 8).byteSize()).isEqualTo(24);
            assertThatIllegalArgumentException().isThrownBy(() -> HugePages.allocate(together, -1));
        }
        assertThatIllegalStateException().isThrownBy(() -> pieces.getLast().get(ValueLayout.JAVA_BYTE, 0));
        assertThatIllegalStateException()
                .isThrownBy(() -> HugePages.allocate(closed, 64))
                .withMessage("arena: it is closed");
    }

    /** What is requested, as a system that is short of memory may give less: small matrices, and the ends of large ones. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void hugePagesAreRequestedForSmallMatricesToo() throws Exception {
        try (Arena plain = Arena.ofShared();
                Arena together = HugePages.sharedArena()) {
            assumeTrue(isRequested(HugePages.allocate(plain, 8 * PAGE)), "this system has no huge pages");
            for (int i = 0; i < 20; i++) {
                assertThat(isRequested(HugePages.allocate(together, 1_638_400)))
                        .as("matrix %d of 1.6 MB", i)
                        .isTrue();
            }
            assertThat(isRequested(HugePages.allocate(plain, 5 * PAGE + 12_345)))
                    .as("the last page, too")
                    .isTrue();
        }
    }

    /** Whether the memory lies in huge pages that are wholly in a mapping for which they were requested. */
    private static boolean isRequested(MemorySegment memory) throws Exception {
        long first = memory.address() / PAGE * PAGE;
        long end = Math.ceilDiv(memory.address() + memory.byteSize(), PAGE) * PAGE;
        boolean contains = false;
        for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
            if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
                String[] range = line.substring(0, line.indexOf(' ')).split("-", 2);
                contains = Long.parseUnsignedLong(range[0], 16) <= first && end <= Long.parseUnsignedLong(range[1], 16);
            } else if (contains && line.startsWith("VmFlags:")) {
                return line.contains(" hg");
            }
        }
        return false;
    }

    /** Adjacent mappings count as one, so this counts their bytes instead, in units of the test's page size. */
    private static long mappings() throws Exception {
        if (!OS.LINUX.isCurrentOs()) {
            return 0;
        }
        return mappedPages() * 4096 / PAGE;
    }

    private static long mappedPages() throws Exception {
        String sizes = Files.readString(Path.of("/proc/self/statm"));
        return Long.parseLong(sizes.substring(0, sizes.indexOf(' ')));
    }
}
