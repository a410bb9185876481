package io.qk256.app.model;

/**
 * The keys and values of the tokens so far, for each layer. Keys lie position by position, values dimension by dimension, so
 * that attention reads both as the contiguous operand of a dot product. Different positions may be written by different threads
 * at once.
 */
abstract sealed class KvCache {

    final int kvHeads;
    final int headSize;
    final int capacity;

    private KvCache(ModelConfig config, int capacity) {
        this.kvHeads = config.kvHeads();
        this.headSize = config.headSize();
        this.capacity = capacity;
    }

    /**
     * An empty cache.
     *
     * @param positions how many tokens it can hold
     */
    static KvCache of(CacheType type, ModelConfig config, int positions) {
        return switch (type) {
            case F16 -> new Halves(config, positions);
            case F32 -> new Floats(config, positions);
        };
    }

    /** Rounds to what this cache can hold. */
    abstract void round(float[] x, int at, int n);

    /** Stores the keys and values of all heads at a position. */
    abstract void put(int layer, int position, float[] keys, float[] values, int at);

    /** Reads the keys of a head at {@code count} positions, one after the other. */
    abstract void keys(int layer, int head, int fromPosition, int count, float[] out);

    /** Reads the values of a head in one dimension, at the positions from 0 on. */
    abstract void values(int layer, int head, int dimension, int positions, float[] out);

    final int size() {
        return Math.multiplyExact(Math.multiplyExact(capacity, kvHeads), headSize);
    }

    final int keyAt(int head, int position) {
        return (head * capacity + position) * headSize;
    }

    final int valueAt(int head, int dimension) {
        return (head * headSize + dimension) * capacity;
    }

    private static final class Halves extends KvCache {

        private final short[][] keys;
        private final short[][] values;

        Halves(ModelConfig config, int capacity) {
            super(config, capacity);
            keys = new short[config.layers()][size()];
            values = new short[config.layers()][size()];
        }

        @Override
        void round(float[] x, int at, int n) {
            Half.round(x, at, n);
        }

        @Override
        void put(int layer, int position, float[] newKeys, float[] newValues, int at) {
            for (int head = 0; head < kvHeads; head++) {
                int from = at + head * headSize;
                int key = keyAt(head, position);
                int value = valueAt(head, 0) + position;
                for (int i = 0; i < headSize; i++) {
                    keys[layer][key + i] = Float.floatToFloat16(newKeys[from + i]);
                    values[layer][value + i * capacity] = Float.floatToFloat16(newValues[from + i]);
                }
            }
        }

        @Override
        void keys(int layer, int head, int fromPosition, int count, float[] out) {
            Half.widen(keys[layer], keyAt(head, fromPosition), out, count * headSize);
        }

        @Override
        void values(int layer, int head, int dimension, int positions, float[] out) {
            Half.widen(values[layer], valueAt(head, dimension), out, positions);
        }
    }

    private static final class Floats extends KvCache {

        private final float[][] keys;
        private final float[][] values;

        Floats(ModelConfig config, int capacity) {
            super(config, capacity);
            keys = new float[config.layers()][size()];
            values = new float[config.layers()][size()];
        }

        @Override
        void round(float[] x, int at, int n) {}

        @Override
        void put(int layer, int position, float[] newKeys, float[] newValues, int at) {
            for (int head = 0; head < kvHeads; head++) {
                int from = at + head * headSize;
                int value = valueAt(head, 0) + position;
                System.arraycopy(newKeys, from, keys[layer], keyAt(head, position), headSize);
                for (int i = 0; i < headSize; i++) {
                    values[layer][value + i * capacity] = newValues[from + i];
                }
            }
        }

        @Override
        void keys(int layer, int head, int fromPosition, int count, float[] out) {
            System.arraycopy(keys[layer], keyAt(head, fromPosition), out, 0, count * headSize);
        }

        @Override
        void values(int layer, int head, int dimension, int positions, float[] out) {
            System.arraycopy(values[layer], valueAt(head, dimension), out, 0, positions);
        }
    }
}
