package io.qk256.llm.model;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The tokens of one pass over the weights, a column each: runs of consecutive tokens of one sequence or several. Filled again
 * for each pass.
 */
final class Batch {

    private final int[] tokens;
    private final int[] positions;
    private final @Nullable PageTable[] tables;
    private final boolean[] wanted;
    private int columns;

    /** Consecutive columns that attend together: of one sequence, at most {@link Attention#TOKENS_AT_ONCE}. */
    private final int[] groups;

    private int groupCount;

    Batch(int capacity) {
        this.tokens = new int[capacity];
        this.positions = new int[capacity];
        this.tables = new PageTable[capacity];
        this.wanted = new boolean[capacity];
        this.groups = new int[capacity + 1];
    }

    /** Most columns. */
    int capacity() {
        return tokens.length;
    }

    int columns() {
        return columns;
    }

    void clear() {
        Arrays.fill(tables, 0, columns, null);
        columns = 0;
        groupCount = 0;
        groups[0] = 0;
    }

    /**
     * Adds a run of tokens.
     *
     * @param from index of the first one
     * @param count how many; there is room
     * @param table has room for them
     * @param firstPosition of the first one
     * @param last of how many of the last ones the state is wanted
     */
    void add(int[] run, int from, int count, PageTable table, int firstPosition, int last) {
        for (int i = 0; i < count; i++) {
            int column = columns++;
            tokens[column] = run[from + i];
            positions[column] = firstPosition + i;
            tables[column] = table;
            wanted[column] = i >= count - last;
            group(column);
        }
    }

    private void group(int column) {
        boolean goesOn = column > 0
                && tables[column - 1] == tables[column]
                && positions[column - 1] + 1 == positions[column]
                && column - groups[groupCount - 1] < Attention.TOKENS_AT_ONCE;
        if (!goesOn) {
            groups[groupCount++] = column;
        }
        groups[groupCount] = column + 1;
    }

    /** Whether a column's state is wanted. */
    boolean isWanted(int column) {
        return wanted[column];
    }

    /** Moves a column to an earlier place, in ascending order of both; the rest is dropped by {@link #keep}. */
    void move(int from, int to) {
        positions[to] = positions[from];
        tables[to] = tables[from];
    }

    /** Only the first columns are left. */
    void keep(int count) {
        Arrays.fill(tables, count, columns, null);
        columns = count;
        groupCount = 0;
        for (int column = 0; column < count; column++) {
            group(column);
        }
    }

    int token(int column) {
        return tokens[column];
    }

    int position(int column) {
        return positions[column];
    }

    PageTable table(int column) {
        PageTable table = tables[column];
        if (table == null) {
            throw new IndexOutOfBoundsException(column);
        }
        return table;
    }

    int groups() {
        return groupCount;
    }

    /** The first column of a group; that of the next one is its end. */
    int groupStart(int group) {
        return groups[group];
    }
}
