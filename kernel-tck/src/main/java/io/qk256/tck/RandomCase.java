package io.qk256.tck;

import io.qk256.spi.Codebook;
import io.qk256.spi.ScaleType;
import java.util.List;
import java.util.Random;

/**
 * A random problem with a random placement and a random range of rows.
 *
 * @param problem the problem
 * @param placement its placement in memory
 * @param fromRow first row
 * @param toRow one past the last row
 */
record RandomCase(Problem problem, Placement placement, int fromRow, int toRow) {

    private static final int MAX_ROWS = 9;
    private static final int MAX_COLS = 2600;
    private static final int MAX_COLUMNS = 9;
    private static final int MAX_OFFSET = 64;

    private static final List<Codebook> CODEBOOKS = List.of(
            Codebook.QK256,
            Codebook.TERNARY,
            new Codebook(-64, -1, 1, 63),
            new Codebook(-3, 1, 5, 7),
            new Codebook(-0.7f, 0.1f, 3.3f, 1e-3f));

    /** Always returns the same case for the same seed. */
    static RandomCase of(long seed) {
        // Neighboring seeds of java.util.Random start with similar numbers.
        Random random = new Random(seed * 0x9E3779B97F4A7C15L);
        int rows = random.nextInt(MAX_ROWS + 1);
        int cols = cols(random);
        boolean whole = random.nextBoolean();
        Problem problem = (whole ? Problem.whole(rows, cols, seed) : Problem.random(rows, cols, seed))
                .with(pick(CODEBOOKS, random))
                .withOrigin("seed " + seed + " (-Dqk256.tck.seed=" + seed + " runs it alone)");
        if (random.nextBoolean()) {
            int group = 64 << random.nextInt(3);
            ScaleType type = random.nextBoolean() ? ScaleType.F32 : ScaleType.F16;
            problem = whole ? problem.withBinaryGroupScales(group, type) : problem.withRandomGroupScales(group, type);
        }
        if (random.nextBoolean()) {
            problem = problem.withTensorScale(random.nextFloat() * 4 - 2);
        }
        if (random.nextBoolean()) {
            problem = problem.withActivationScale(random.nextFloat() * 100 + 0.01f);
        }
        if (random.nextBoolean()) {
            problem = problem.withRandomMultipliers();
        }
        problem = problem.withColumns(1 + random.nextInt(MAX_COLUMNS));
        int fromRow = random.nextInt(rows + 1);
        int toRow = fromRow + random.nextInt(rows + 1 - fromRow);
        boolean allRows = random.nextBoolean();
        return new RandomCase(problem, placement(random), allRows ? 0 : fromRow, allRows ? rows : toRow);
    }

    /** Small widths, widths near the end of a block, or any. */
    private static int cols(Random random) {
        return switch (random.nextInt(3)) {
            case 0 -> 1 + random.nextInt(70);
            case 1 -> 256 * (1 + random.nextInt(8)) + random.nextInt(7) - 3;
            default -> 1 + random.nextInt(MAX_COLS);
        };
    }

    private static Placement placement(Random random) {
        List<MemoryKind> homes = MemoryKind.EVERYWHERE;
        List<MemoryKind> writable = List.of(MemoryKind.HEAP, MemoryKind.LONG_ARRAY, MemoryKind.OFF_HEAP);
        Placement placement =
                Placement.in(pick(homes, random), pick(homes, random), pick(homes, random), pick(writable, random));
        if (random.nextBoolean()) {
            placement = Placement.OFF_HEAP;
        }
        if (random.nextBoolean()) {
            placement = placement.withOffsets(random.nextInt(MAX_OFFSET), random.nextInt(MAX_OFFSET));
        }
        if (random.nextBoolean()) {
            placement = placement.withRowGap(random.nextInt(MAX_OFFSET));
        }
        return placement
                .amidHostileMemory()
                .withPadding(random.nextInt(8))
                .withFill(pick(List.of(Float.NaN, 1e30f, -0f, 7f), random))
                .withLongerVectors(random.nextBoolean() ? random.nextInt(MAX_OFFSET) : 0);
    }

    private static <T> T pick(List<T> all, Random random) {
        return all.get(random.nextInt(all.size()));
    }
}
