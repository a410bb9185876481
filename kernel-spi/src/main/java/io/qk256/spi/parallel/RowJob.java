package io.qk256.spi.parallel;

import io.qk256.spi.F32Vector;
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
 * One operation, split into row ranges (parts) that threads take one after the other. It is reused, so that calls leave
 * no garbage; therefore only a thread that has taken a part may read the operands.
 */
final class RowJob implements Runnable {

    /** How long threads spin before they sleep: waking a thread takes about ten microseconds. */
    static final long SPIN_NANOS = 50_000;

    /** Kernels process rows in groups of four, in tiles if they are of 8 bits, and columns in blocks. */
    private static final int GROUP = 4;

    /** More than one, so that a late or slow thread does not keep the others waiting. */
    private static final int PARTS_PER_THREAD = 4;

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
    private int rowsInPart;
    private int parts;

    /** Upper half: a number that changes with each call. Lower half: how many parts are not yet taken. */
    private final AtomicLong open = new AtomicLong();

    private final AtomicInteger unfinished = new AtomicInteger();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private volatile @Nullable Thread waiting;

    /** Returns the number of matrix rows that a thread takes at a time. */
    static int rowsInPart(Operation operation, int cols, int rows, int threads) {
        long worthwhile = Math.ceilDiv(WEIGHTS_IN_PART, (long) cols);
        return rowsInPart(rows, threads, worthwhile, group(operation));
    }

    private static int group(Operation operation) {
        return switch (operation) {
            case GEMM_Q8 -> Q8Matrix.TILE_ROWS;
            case GEMV_TRANSPOSED -> Qk256.BLOCK_WEIGHTS;
            default -> GROUP;
        };
    }

    /**
     * Returns the number of rows that a thread takes at a time: a multiple of the group, and at least the worthwhile
     * number.
     */
    static int rowsInPart(int rows, int threads, long worthwhile, int group) {
        if (threads == 1) {
            return rows;
        }
        long fair = Math.ceilDiv(rows, (long) threads * PARTS_PER_THREAD);
        long inGroups = Math.ceilDiv(Math.max(fair, worthwhile), (long) group) * group;
        return (int) Math.min(rows, inGroups);
    }

    void fill(
            Kernel newKernel,
            Operation newOperation,
            Object newW,
            Object newX,
            @Nullable IndexList newListed,
            int newFromRow,
            int newToRow,
            F32Vector newOut,
            int newRowsInPart) {
        kernel = newKernel;
        operation = newOperation;
        w = newW;
        x = newX;
        listed = newListed;
        out = newOut;
        open(newFromRow, newToRow, newRowsInPart);
    }

    void fill(RowTask newTask, int rows, int newRowsInPart) {
        task = newTask;
        open(0, rows, newRowsInPart);
    }

    private void open(int newFromRow, int newToRow, int newRowsInPart) {
        fromRow = newFromRow;
        toRow = newToRow;
        rowsInPart = newRowsInPart;
        parts = Math.ceilDiv(toRow - fromRow, rowsInPart);
        failure.set(null);
        unfinished.set(parts);
        open.set(((open.get() >>> Integer.SIZE) + 1) << Integer.SIZE | parts);
    }

    /** Whether there are parts that no thread has taken. */
    boolean isOpen() {
        return (int) open.get() > 0;
    }

    /** Takes and does parts until none is left. */
    void work() {
        for (int part = take(); part >= 0; part = take()) {
            try {
                rows(fromRow + part * rowsInPart);
            } catch (Throwable e) { // A part's exception, rethrown by the calling thread.
                fail(e);
            }
            Thread waits = unfinished.decrementAndGet() == 0 ? waiting : null;
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
     * Takes a part, in ascending order, because kernels prefetch the rows that follow; -1 if there is none. The upper
     * half makes sure that it belongs to the same call before and after.
     */
    private int take() {
        for (long seen = open.get(); (int) seen > 0; seen = open.get()) {
            if (open.compareAndSet(seen, seen - 1)) {
                return parts - (int) seen;
            }
        }
        return -1;
    }

    private void rows(int from) {
        int to = (int) Math.min((long) from + rowsInPart, toRow);
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
            case GEMM_Q8 -> kernel.gemm((Q8Matrix) w, (I8Batch) x, fromRow, toRow, out);
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
