package io.qk256.app.fuzz;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Numbers and memory that callers must not pass, and memory of every kind that they may pass. */
final class Hostile implements AutoCloseable {

    /** More than 2^31 bytes, which take no space on a file system with sparse files. */
    static final long HUGE = (1L << 31) + (1 << 20);

    private static final int[] INTS = {
        Integer.MIN_VALUE,
        Integer.MIN_VALUE + 1,
        -257,
        -256,
        -4,
        -1,
        0,
        1,
        2,
        3,
        4,
        255,
        256,
        257,
        65_536,
        Integer.MAX_VALUE / 4,
        Integer.MAX_VALUE - 255,
        Integer.MAX_VALUE - 1,
        Integer.MAX_VALUE
    };

    private static final long[] LONGS = {
        Long.MIN_VALUE,
        Long.MIN_VALUE + 1,
        -(1L << 62),
        -(1L << 32),
        -64,
        -1,
        0,
        1,
        63,
        64,
        65,
        1L << 31,
        (1L << 31) - 1,
        1L << 32,
        1L << 61,
        1L << 62,
        Long.MAX_VALUE / 4,
        Long.MAX_VALUE - 63,
        Long.MAX_VALUE - 1,
        Long.MAX_VALUE
    };

    private static final float[] FLOATS = {
        Float.NaN,
        Float.NEGATIVE_INFINITY,
        Float.POSITIVE_INFINITY,
        -0f,
        0,
        1,
        -1,
        Float.MIN_VALUE,
        Float.MIN_NORMAL,
        Float.MAX_VALUE,
        -64,
        63,
        64,
        1e-30f
    };

    private final Arena shared = Arena.ofShared();
    private final MemorySegment sparse;
    private final Arena closedConfined;
    private final Arena closedShared;
    private final MemorySegment ofClosedConfined;
    private final MemorySegment ofClosedShared;
    private final MemorySegment foreign;

    @SuppressWarnings("MustBeClosedChecker") // One is closed here, the other belongs to a thread that has ended.
    Hostile() throws IOException, InterruptedException {
        sparse = sparse(shared);
        try (Arena arena = Arena.ofConfined()) {
            closedConfined = arena;
            ofClosedConfined = arena.allocate(4096, 64);
        }
        try (Arena arena = Arena.ofShared()) {
            closedShared = arena;
            ofClosedShared = arena.allocate(4096, 64);
        }
        MemorySegment[] ofThread = new MemorySegment[1];
        Thread owner =
                Thread.ofPlatform().start(() -> ofThread[0] = Arena.ofConfined().allocate(4096, 64));
        owner.join();
        foreign = ofThread[0];
    }

    private static MemorySegment sparse(Arena arena) throws IOException {
        Path file = Files.createTempFile("qk256-fuzz", ".bin");
        Files.delete(file);
        try (FileChannel channel = FileChannel.open(
                file,
                StandardOpenOption.CREATE_NEW,
                StandardOpenOption.SPARSE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE,
                StandardOpenOption.DELETE_ON_CLOSE)) {
            return channel.map(MapMode.READ_WRITE, 0, HUGE, arena);
        }
    }

    int anInt(RandomGenerator random) {
        return INTS[random.nextInt(INTS.length)];
    }

    long aLong(RandomGenerator random) {
        return LONGS[random.nextInt(LONGS.length)];
    }

    float aFloat(RandomGenerator random) {
        return FLOATS[random.nextInt(FLOATS.length)];
    }

    /** A mapped file of more than 2^31 bytes. */
    MemorySegment sparse() {
        return sparse;
    }

    /** Null or a closed arena. */
    @Nullable
    Arena arena(RandomGenerator random) {
        return switch (random.nextInt(3)) {
            case 0 -> null;
            case 1 -> closedShared;
            default -> closedConfined;
        };
    }

    /** Memory that most callees must refuse, or whose size does not fit. */
    @Nullable
    MemorySegment segment(RandomGenerator random, Arena arena) {
        return switch (random.nextInt(14)) {
            case 0 -> null;
            case 1 -> ofClosedConfined;
            case 2 -> ofClosedShared;
            case 3 -> foreign;
            case 4 -> MemorySegment.NULL;
            case 5 -> MemorySegment.ofAddress(random.nextLong());
            case 6 -> MemorySegment.ofArray(new double[0]);
            case 7 -> MemorySegment.ofArray(new byte[random.nextInt(600)]);
            case 8 -> MemorySegment.ofArray(new char[random.nextInt(600)]);
            case 9 -> fitting(random, arena, random.nextInt(600), 1).asReadOnly();
            case 10 -> fitting(random, arena, random.nextInt(600), 4).asReadOnly();
            case 11 -> sparse;
            case 12 -> sparse.asSlice(random.nextInt(9)).asReadOnly();
            default -> fitting(random, arena, random.nextInt(600), 1);
        };
    }

    /**
     * Writable memory of the given size and of any kind, with random bytes in it and around it.
     *
     * @param alignment 1 or 4
     */
    MemorySegment fitting(RandomGenerator random, Arena arena, long bytes, int alignment) {
        int room = (int) bytes + 64;
        MemorySegment all = switch (random.nextInt(alignment == 1 ? 10 : 7)) {
            case 0 -> MemorySegment.ofArray(new float[room / 4 + 1]);
            case 1 -> MemorySegment.ofArray(new int[room / 4 + 1]);
            case 2 -> MemorySegment.ofArray(new long[room / 8 + 1]);
            case 3 -> MemorySegment.ofArray(new double[room / 8 + 1]);
            case 7 -> MemorySegment.ofArray(new short[room / 2 + 1]);
            case 8 -> MemorySegment.ofArray(new char[room / 2 + 1]);
            case 9 -> MemorySegment.ofArray(new byte[room + 1]);
            default -> arena.allocate(room, 64);
        };
        byte[] content = new byte[room];
        random.nextBytes(content);
        MemorySegment.copy(content, 0, all, ValueLayout.JAVA_BYTE, 0, room);
        return all.asSlice((long) random.nextInt(16) * alignment, bytes);
    }

    @Override
    public void close() {
        shared.close();
    }
}
