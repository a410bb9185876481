package io.qk256.llm.model;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Q8Matrix;
import io.qk256.spi.parallel.RowTask;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * The product of an 8-bit head where only the most likely tokens matter: the {@linkplain CoarseRows copy in 4 bits} gives
 * an upper bound of every logit. Rows whose bound is below the logits of enough others are not read in 8 bits. The logits of
 * the rest have the same bits as those of {@link Int8HeadProduct}.
 *
 * <p><b>The bound.</b> The state is a vector z of integers up to 127 * 256; the copy is multiplied with
 * {@code x = floor((z + h) / 256)}, where h is random, 0 to 255, for each column. So with weights w and coarse weights
 * {@code w - e}, and {@code x = z / 256 - d},
 *
 * <pre>
 *     sum w * z / 256  =  sum (w - e) * x  +  sum e * x  +  sum w * d
 * </pre>
 *
 * <p>The numbers e are independent and uniform in an interval of the row's step, and independent of x. The moments of
 * such a number are below those of a normal one with its variance step^2 / 12, so
 * {@code P(sum e * x > t) <= exp(-6 * t^2 / (step * |x|)^2)}. The numbers d are independent, have mean 0 and lie in
 * intervals of length 1, so {@code P(sum w * d > t) <= exp(-2 * t^2 / |w|^2)} (Hoeffding). With t chosen for
 * {@code exp(-44)}, a row exceeds its bound with a probability below 2^-62. Only rows of wanted tokens can be missed, so a
 * text of a million tokens differs with a probability below 2e-13 if it is greedy, and below 4e-11 with top-k 256. This
 * holds for any weights, and any states that do not depend on the random numbers; none does, since the logits are exact.
 * What f32 rounds, here and in the exact logit, is below {@code 2^-16 * sqrt(cols) * step * |x|}, and added.
 *
 * <p>Where the copy rules out too few rows, all are read, and the next states do not ask it, so that texts whose next
 * tokens are hard to tell lose little.
 *
 * <p>For one thread at a time.
 */
final class ScreenedHeadProduct extends HeadProduct {

    /** A bound fails with a probability of twice {@code exp} of minus this. */
    static final double CERTAINTY = 44;

    private static final int TILE = Q8Matrix.TILE_ROWS;

    /** Some microseconds of work. */
    private static final int LEAST_TILES = 4;

    /** Tiles with the highest bounds, read first to learn what a logit must reach. */
    private static final int FIRST_TILES = 8;

    /** Where more than this part of the tiles may hold one of the most likely tokens, all are read, which is simpler. */
    private static final double MOST_TILES = 0.5;

    /** More are kept in order too slowly. */
    private static final int MOST_WANTED = 512;

    /** The most states in a row that do not ask the copy after it has ruled out too few. */
    static final int LONGEST_PAUSE = 64;

    private static final int STATE_STEPS = 256;
    private static final long SEED = 0x57A7E;

    private final Int8HeadProduct exact;
    private final CoarseRows coarse;
    private final Kernel kernel;
    private final Crew threads;
    private final int rows;
    private final int tiles;
    private final double certainty;
    private final int longestPause;

    private final int[] rounding;
    private final byte[] codes;
    private final I8Vector operand;
    private final F32Vector results;

    /** The results, of which each thread has its own rows. */
    private final float[] sums;

    /** The highest bound of a row in each tile. */
    private final float[] bounds;

    /** Tiles to read in 8 bits, ascending. */
    private final int[] list;

    private final boolean[] isRead;
    private final Largest highest = new Largest();
    private final Largest best = new Largest();
    private float[] logits = {};
    private float offset;
    private float perNorm;
    private float unit;
    private final RowTask coarseTiles = this::coarse;
    private final RowTask listedTiles = this::listed;

    /**
     * After a fallback, so many states do not ask the copy if they want as many tokens or more, twice as many after each
     * further fallback.
     */
    private int pause;

    private int pausedFrom;
    private int paused;

    private long screened;
    private long rowsRead;
    private long fallbacks;
    private long full;

    ScreenedHeadProduct(Int8HeadProduct exact, int rows, CoarseRows coarse, Kernel kernel, Crew threads, Arena arena) {
        this(exact, rows, coarse, kernel, threads, arena, CERTAINTY, LONGEST_PAUSE);
    }

    /** With another certainty and other pauses, for tests. */
    ScreenedHeadProduct(
            Int8HeadProduct exact,
            int rows,
            CoarseRows coarse,
            Kernel kernel,
            Crew threads,
            Arena arena,
            double certainty,
            int longestPause) {
        this.exact = exact;
        this.coarse = coarse;
        this.kernel = kernel;
        this.threads = threads;
        this.rows = rows;
        this.tiles = Math.ceilDiv(rows, TILE);
        this.certainty = certainty;
        this.longestPause = longestPause;
        int cols = coarse.planes().cols();
        this.rounding = new SplittableRandom(SEED).ints(cols, 0, STATE_STEPS).toArray();
        this.codes = new byte[cols];
        this.operand = I8Vector.allocate(arena, cols);
        this.results = F32Vector.allocate(arena, coarse.planes().rows());
        this.sums = new float[coarse.planes().rows()];
        this.bounds = new float[tiles];
        this.list = new int[tiles];
        this.isRead = new boolean[tiles];
    }

    @Override
    void apply(float[][] states, float[][] newLogits, int columns) {
        full += columns;
        exact.apply(states, newLogits, columns);
    }

    @Override
    void applyBest(float[] state, float[] newLogits, int count) {
        int first = Math.max(FIRST_TILES, count);
        if (first > Math.min(MOST_WANTED, tiles * MOST_TILES) || isPaused(count)) {
            full++;
            exact.applyBest(state, newLogits, count);
            return;
        }
        logits = newLogits;
        exact.begin(state, newLogits);
        quantize();
        threads.forRows(tiles, LEAST_TILES, coarseTiles);
        Arrays.fill(isRead, false);
        float least = readFirst(first, count);
        int more = 0;
        for (int tile = 0; tile < tiles; tile++) {
            more += isRead[tile] || bounds[tile] < least ? 0 : 1;
        }
        if (first + more > tiles * MOST_TILES) {
            fallbacks++;
            pausedFrom = pause == 0 ? count : Math.min(count, pausedFrom);
            pause = Math.min(longestPause, Math.max(1, 2 * pause));
            paused = 0;
            read(Float.NEGATIVE_INFINITY);
        } else {
            screened++;
            pause = count < pausedFrom ? pause : 0;
            rowsRead += (long) (first + more) * TILE;
            read(least);
        }
    }

    private boolean isPaused(int count) {
        return count >= pausedFrom && paused++ < pause;
    }

    /** The coarse state, and what its bounds have in common. */
    private void quantize() {
        float[] dither = coarse.dither();
        double ofDither = 0;
        double squares = 0;
        for (int i = 0; i < codes.length; i++) {
            int x = (exact.value(i) + rounding[i]) >> 8;
            codes[i] = (byte) x;
            ofDither += (0.5 - dither[i]) * x;
            squares += x * x;
        }
        MemorySegment.copy(codes, 0, operand.segment(), ValueLayout.JAVA_BYTE, 0, codes.length);
        operand.scale(1);
        double perStep = Math.sqrt(certainty / 6) + 0x1p-16 * Math.sqrt(codes.length);
        offset = (float) (ofDither + perStep * Math.sqrt(squares));
        perNorm = (float) Math.sqrt(certainty / 2);
        unit = STATE_STEPS / exact.scale();
    }

    private void coarse(int fromTile, int toTile) {
        int from = fromTile * CoarseRows.TILE_ROWS;
        int to = toTile * CoarseRows.TILE_ROWS;
        kernel.gemv(coarse.planes(), operand, from, to, results);
        MemorySegment.copy(results.segment(), ValueLayout.JAVA_FLOAT, (long) from * Float.BYTES, sums, from, to - from);
        Arrays.fill(logits, fromTile * TILE, Math.min(rows, toTile * TILE), Float.NEGATIVE_INFINITY);
        float[] steps = coarse.steps();
        float[] norms = coarse.norms();
        for (int tile = fromTile; tile < toTile; tile++) {
            int high = tile * CoarseRows.TILE_ROWS;
            int row = tile * TILE;
            int count = Math.min(TILE, rows - row);
            float most = Float.NEGATIVE_INFINITY;
            for (int i = 0; i < count; i++) {
                float sum = 2 * sums[high + i] + 0.5f * sums[high + TILE + i];
                float bound = steps[row + i] * (sum + offset) + norms[row + i] * perNorm;
                most = bound > most ? bound : most;
            }
            bounds[tile] = most * unit;
        }
    }

    /** Reads the tiles with the highest bounds; returns the least of the {@code count} highest logits in them. */
    private float readFirst(int first, int count) {
        highest.clear(first);
        for (int tile = 0; tile < tiles; tile++) {
            highest.offer(bounds[tile], tile);
        }
        for (int i = 0; i < first; i++) {
            list[i] = highest.index(i);
            isRead[list[i]] = true;
        }
        Arrays.sort(list, 0, first);
        threads.forRows(first, LEAST_TILES, listedTiles);
        best.clear(count);
        for (int i = 0; i < first; i++) {
            for (int row = list[i] * TILE; row < Math.min(rows, (list[i] + 1) * TILE); row++) {
                best.offer(logits[row], row);
            }
        }
        return best.least();
    }

    /** Reads the other tiles with a bound of {@code least} or more. */
    private void read(float least) {
        int count = 0;
        for (int tile = 0; tile < tiles; tile++) {
            if (!isRead[tile] && !(bounds[tile] < least)) {
                list[count++] = tile;
            }
        }
        threads.forRows(count, LEAST_TILES, listedTiles);
    }

    private void listed(int from, int to) {
        for (int i = from; i < to; ) {
            int end = i + 1;
            while (end < to && list[end] == list[end - 1] + 1) {
                end++;
            }
            exact.tiles(list[i], list[end - 1] + 1);
            i = end;
        }
    }

    @Override
    HeadReadings readings() {
        return new HeadReadings(screened, rowsRead, fallbacks, full);
    }
}
