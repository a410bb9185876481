package io.qk256.spi.parallel;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I16Batch;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.IndexList;
import io.qk256.spi.Kernel;
import io.qk256.spi.Operation;
import io.qk256.spi.Q8Matrix;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import java.lang.reflect.UndeclaredThrowableException;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One operation, split into row ranges (parts) that threads take one after the other: large ones first, and smaller ones
 * towards the end, so that all threads end at nearly the same time. It is reused, so that calls leave no garbage;
 * therefore only a thread that has taken a part may read the operands.
 */
final class RowJob implements Runnable {

    /** How long threads spin before they sleep: waking a thread takes about ten microseconds. */
    static final long SPIN_NANOS = 50_000;

    /** Kernels process rows in groups of four, in tiles if they are of 8 bits, and columns in blocks. */
    private static final int GROUP = 4;

    /** More than one, so that a late or slow thread does not keep the others waiting. */
    private static final int PARTS_PER_THREAD = 4;

    /** The last parts are smaller than the first by this factor at most: each part has a cost of its own. */
    private static final int SMALLER_AT_END = 8;

    /** A few hundred nanoseconds of work: the least that is worth handing to a thread. */
    private static final long WEIGHTS_IN_PART = 1 << 15;

    private @Nullable RowTask task;
    private @Nullable Kernel kernel;
    private Operation operation = Operation.DEQUANTIZE;
    private @Nullable Object w;
    private @Nullable Object x;
    private @Nullable IndexList listed;
    private @Nullable F32Vector out;
    private int fromRow;
    private int toRow;
    private int threads;

    /** Parts are multiples of it, except the last. */
    private int group;

    private int mostRows;
    private int leastRows;

    /** Upper half: a number that changes with each call. Lower half: how many rows are not yet taken. */
    private final AtomicLong open = new AtomicLong();

    /** Rows. */
    private final AtomicInteger unfinished = new AtomicInteger();

    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private volatile @Nullable Thread waiting;

    /** Whether the rows are too few to be split. */
    static boolean isOnePart(Operation operation, int cols, int rows, int threads) {
        return mostRows(rows, threads, worthwhile(operation, cols), group(operation)) == rows;
    }

    /** The same for other work. */
    static boolean isOnePart(int rows, int threads, int minRows) {
        return mostRows(rows, threads, minRows, 1) == rows;
    }

    /** A multiple of the group. */
    private static int worthwhile(Operation operation, int cols) {
        return (int) inGroups(Math.ceilDiv(WEIGHTS_IN_PART, (long) cols), group(operation));
    }

    private static int group(Operation operation) {
        return switch (operation) {
            case GEMM_Q8 -> Q8Matrix.TILE_ROWS;
            case GEMV_TRANSPOSED -> Qk256.BLOCK_WEIGHTS;
            default -> GROUP;
        };
    }

    /** The rows of the first parts. */
    private static int mostRows(int rows, int threads, int worthwhile, int group) {
        if (threads == 1) {
            return rows;
        }
        long fair = Math.ceilDiv(rows, (long) threads * PARTS_PER_THREAD);
        return (int) Math.min(rows, inGroups(Math.max(fair, worthwhile), group));
    }

    private static long inGroups(long rows, int group) {
        return Math.ceilDiv(rows, (long) group) * group;
    }

    void fill(
            Kernel newKernel,
            Operation newOperation,
            Object newW,
            int cols,
            Object newX,
            @Nullable IndexList newListed,
            int newFromRow,
            int newToRow,
            F32Vector newOut,
            int newThreads) {
        kernel = newKernel;
        operation = newOperation;
        w = newW;
        x = newX;
        listed = newListed;
        out = newOut;
        open(newFromRow, newToRow, newThreads, worthwhile(newOperation, cols), group(newOperation));
    }

    void fill(RowTask newTask, int rows, int newThreads, int minRows) {
        task = newTask;
        open(0, rows, newThreads, minRows, 1);
    }

    private void open(int newFromRow, int newToRow, int newThreads, int worthwhile, int newGroup) {
        fromRow = newFromRow;
        toRow = newToRow;
        threads = newThreads;
        group = newGroup;
        mostRows = mostRows(toRow - fromRow, threads, worthwhile, group);
        leastRows = Math.max(worthwhile, mostRows / SMALLER_AT_END);
        failure.set(null);
        unfinished.set(toRow - fromRow);
        open.set(((open.get() >>> Integer.SIZE) + 1) << Integer.SIZE | toRow - fromRow);
    }

    /** Whether there are parts that no thread has taken. */
    boolean isOpen() {
        return (int) open.get() > 0;
    }

    /** Takes and does parts until none is left. */
    void work() {
        for (int left = take(); left > 0; left = take()) {
            int from = toRow - left;
            int to = from + rowsOfPart(left);
            try {
                rows(from, to);
            } catch (Throwable e) { // A part's exception, rethrown by the calling thread.
                fail(e);
            }
            Thread waits = unfinished.addAndGet(from - to) == 0 ? waiting : null;
            if (waits != null) {
                LockSupport.unpark(waits);
            }
        }
    }

    @Override
    public void run() {
        work();
    }

    /**
     * Takes a part, in ascending order, because kernels prefetch the rows that follow. Returns how many rows no thread
     * had taken before, of which this part has the first; 0 if there are none. The upper half makes sure that they belong
     * to the same call before and after.
     */
    private int take() {
        for (long seen = open.get(); (int) seen > 0; seen = open.get()) {
            if (open.compareAndSet(seen, seen - rowsOfPart((int) seen))) {
                return (int) seen;
            }
        }
        return 0;
    }

    /**
     * The rows of the next part if so many are left: half of a thread's share of them. If the call ends meanwhile, this is
     * any number.
     */
    private int rowsOfPart(int left) {
        long wanted = Math.max(leastRows, Math.min(mostRows, left / (2L * threads)));
        return (int) Math.min(left, inGroups(wanted, group));
    }

    private void rows(int from, int to) {
        if (task != null) {
            task.run(from, to);
            return;
        }
        Object matrix = Objects.requireNonNull(w);
        F32Vector result = Objects.requireNonNull(out);
        if (operation == Operation.DEQUANTIZE) {
            long cols = ((Qk256Matrix) matrix).cols();
            result = result.slice((from - fromRow) * cols, (to - fromRow) * cols);
        }
        run(Objects.requireNonNull(kernel), operation, matrix, Objects.requireNonNull(x), listed, from, to, result);
    }

    /** Calls the public methods, because they check that this thread may use the memory. */
    static void run(
            Kernel kernel,
            Operation operation,
            Object w,
            Object x,
            @Nullable IndexList listed,
            int fromRow,
            int toRow,
            F32Vector out) {
        switch (operation) {
            case DEQUANTIZE -> kernel.dequantize((Qk256Matrix) w, fromRow, toRow, out);
            case GEMV_F32 -> kernel.gemv((Qk256Matrix) w, (F32Vector) x, fromRow, toRow, out);
            case GEMV_I8 -> kernel.gemv((Qk256Matrix) w, (I8Vector) x, fromRow, toRow, out);
            case GEMM_I8 -> kernel.gemm((Qk256Matrix) w, (I8Batch) x, fromRow, toRow, out);
            case GEMM_Q8 -> {
                if (x instanceof I16Batch batch) {
                    kernel.gemm((Q8Matrix) w, batch, fromRow, toRow, out);
                } else {
                    kernel.gemm((Q8Matrix) w, (I8Batch) x, fromRow, toRow, out);
                }
            }
            case GEMV_LISTED ->
                kernel.gemvListed((Qk256Matrix) w, (I8Vector) x, Objects.requireNonNull(listed), fromRow, toRow, out);
            case GEMV_TRANSPOSED ->
                kernel.gemvTransposed(
                        (Qk256Matrix) w, (I8Vector) x, Objects.requireNonNull(listed), fromRow, toRow, out);
        }
    }

    /** Makes the call end with this exception. */
    void fail(Throwable e) {
        failure.compareAndSet(null, e);
    }

    /** Waits until all parts are done, then throws the exception of one that failed. */
    void awaitOthers() {
        if (!spinUntilDone()) {
            waiting = Thread.currentThread();
            while (unfinished.get() > 0) {
                LockSupport.park(this);
                if (Thread.currentThread().isInterrupted()) {
                    spinUntilDone(); // An interrupted thread cannot sleep.
                }
            }
            waiting = null;
        }
        Throwable thrown = failure.get();
        if (thrown instanceof Error error) {
            throw error;
        } else if (thrown instanceof RuntimeException exception) {
            throw exception;
        } else if (thrown != null) {
            throw new UndeclaredThrowableException(thrown);
        }
    }

    private boolean spinUntilDone() {
        long start = System.nanoTime();
        while (unfinished.get() > 0) {
            if (System.nanoTime() - start > SPIN_NANOS) {
                return false;
            }
            Thread.onSpinWait();
        }
        return true;
    }

    /** Forgets the operands, so that this object does not keep their memory alive. */
    void clear() {
        task = null;
        kernel = null;
        w = null;
        x = null;
        listed = null;
        out = null;
    }
}
