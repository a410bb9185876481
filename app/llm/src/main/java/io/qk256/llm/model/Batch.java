package io.qk256.llm.model;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The tokens of one pass over the weights, one column each: runs of consecutive tokens of one or several sequences.
 * Refilled for each pass.
 */
final class Batch {

    private final int[] tokens;
    private final int[] positions;
    private final @Nullable PageTable[] tables;
    private final boolean[] wanted;
    private int columns;

    /**
     * Starts of groups: consecutive columns of one sequence, at most {@link #together}, that attend
     * together.
     */
    private final int[] groups;

    private int groupCount;

    private final int together;

    /**
     * Creates an empty batch.
     *
     * @param together the most tokens that attend together
     */
    Batch(int capacity, int together) {
        this.together = together;
        this.tokens = new int[capacity];
        this.positions = new int[capacity];
        this.tables = new PageTable[capacity];
        this.wanted = new boolean[capacity];
        this.groups = new int[capacity + 1];
    }

    /** The most tokens that attend together. */
    int together() {
        return together;
    }

    /** The maximum number of columns. */
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
     * @param from index of the first token in {@code run}
     * @param count number of tokens, which must fit
     * @param table the sequence's pages, with room for them
     * @param firstPosition position of the first token
     * @param last number of final tokens whose state is wanted
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
                && column - groups[groupCount - 1] < together;
        if (!goesOn) {
            groups[groupCount++] = column;
        }
        groups[groupCount] = column + 1;
    }

    /** Whether a column's state is wanted. */
    boolean isWanted(int column) {
        return wanted[column];
    }

    /** Moves a column to an earlier index; call in ascending order of both. {@link #keep} drops the rest. */
    void move(int from, int to) {
        positions[to] = positions[from];
        tables[to] = tables[from];
    }

    /** Keeps only the first {@code count} columns. */
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

    /** The first column of a group; the group ends where the next one starts. */
    int groupStart(int group) {
        return groups[group];
    }
}
