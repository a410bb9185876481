package io.qk256.llm.text;

import java.util.Arrays;

/** A binary heap of numbers, the least first. Not thread-safe. */
final class LongHeap {

    private long[] numbers = new long[64];
    private int size;

    boolean isEmpty() {
        return size == 0;
    }

    /** Makes room for this many numbers. */
    void reserve(int capacity) {
        if (capacity > numbers.length) {
            numbers = Arrays.copyOf(numbers, Math.max(capacity, numbers.length + numbers.length / 4));
        }
    }

    void add(long number) {
        reserve(size + 1);
        int i = size++;
        while (i > 0) {
            int parent = (i - 1) >>> 1;
            if (numbers[parent] <= number) {
                break;
            }
            numbers[i] = numbers[parent];
            i = parent;
        }
        numbers[i] = number;
    }

    /** Removes the least number; the heap must not be empty. */
    long poll() {
        long least = numbers[0];
        long last = numbers[--size];
        int i = 0;
        for (int child = 1; child < size; child = 2 * i + 1) {
            if (child + 1 < size && numbers[child + 1] < numbers[child]) {
                child++;
            }
            if (last <= numbers[child]) {
                break;
            }
            numbers[i] = numbers[child];
            i = child;
        }
        numbers[i] = last;
        return least;
    }
}
