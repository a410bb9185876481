package io.qk256.app.model;

import java.util.ArrayList;
import java.util.List;

/**
 * The keys and values of the tokens so far, for each layer. Keys lie position by position, values dimension by dimension, so
 * that attention reads both as the contiguous operand of a dot product. Memory comes in chunks of positions, as tokens need it: a
 * short conversation with a model of a long context takes little. Different positions may be written by different threads at once.
 */
abstract sealed class KvCache {

    private static final int CHUNK_POSITIONS = 256;

    final int kvHeads;
    final int headSize;
    final int capacity;

    /** Positions of a chunk. */
    final int span;

    private int reserved;

    private KvCache(ModelConfig config, int capacity) {
        this.kvHeads = config.kvHeads();
        this.headSize = config.headSize();
        this.capacity = capacity;
        this.span = Math.min(CHUNK_POSITIONS, capacity);
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

    /** Makes room for the positions from 0 on, before they are written; by one thread. */
    final void reserve(int positions) {
        while (reserved < positions) {
            addChunk(kvHeads * span * headSize);
            reserved += span;
        }
    }

    /** Positions for which there is room. */
    final int reserved() {
        return reserved;
    }

    /** @param size of a layer's keys, and of its values */
    abstract void addChunk(int size);

    /** Rounds to what this cache can hold. */
    abstract void round(float[] x, int at, int n);

    /** Stores the keys and values of all heads at a position. */
    abstract void put(int layer, int position, float[] keys, float[] values, int at);

    /** Reads the keys of a head at {@code count} positions, one after the other. */
    final void keys(int layer, int head, int fromPosition, int count, float[] out) {
        int done = 0;
        while (done < count) {
            int within = (fromPosition + done) % span;
            int n = Math.min(count - done, span - within);
            int chunk = (fromPosition + done) / span;
            readKeys(chunk, layer, keyAt(head, within), out, done * headSize, n * headSize);
            done += n;
        }
    }

    /** Reads the values of a head in one dimension, at the positions from 0 on. */
    final void values(int layer, int head, int dimension, int positions, float[] out) {
        for (int from = 0; from < positions; from += span) {
            int n = Math.min(span, positions - from);
            readValues(from / span, layer, valueAt(head, dimension), out, from, n);
        }
    }

    abstract void readKeys(int chunk, int layer, int from, float[] out, int at, int n);

    abstract void readValues(int chunk, int layer, int from, float[] out, int at, int n);

    final int keyAt(int head, int within) {
        return (head * span + within) * headSize;
    }

    final int valueAt(int head, int dimension) {
        return (head * headSize + dimension) * span;
    }

    private static final class Halves extends KvCache {

        private final int layers;
        private final List<short[][]> keys = new ArrayList<>();
        private final List<short[][]> values = new ArrayList<>();

        Halves(ModelConfig config, int capacity) {
            super(config, capacity);
            layers = config.layers();
        }

        @Override
        void addChunk(int size) {
            keys.add(new short[layers][size]);
            values.add(new short[layers][size]);
        }

        @Override
        void round(float[] x, int at, int n) {
            Half.round(x, at, n);
        }

        @Override
        void put(int layer, int position, float[] newKeys, float[] newValues, int at) {
            short[] keysOfLayer = keys.get(position / span)[layer];
            short[] valuesOfLayer = values.get(position / span)[layer];
            int within = position % span;
            for (int head = 0; head < kvHeads; head++) {
                int from = at + head * headSize;
                int key = keyAt(head, within);
                int value = valueAt(head, 0) + within;
                for (int i = 0; i < headSize; i++) {
                    keysOfLayer[key + i] = Float.floatToFloat16(newKeys[from + i]);
                    valuesOfLayer[value + i * span] = Float.floatToFloat16(newValues[from + i]);
                }
            }
        }

        @Override
        void readKeys(int chunk, int layer, int from, float[] out, int at, int n) {
            Half.widen(keys.get(chunk)[layer], from, out, at, n);
        }

        @Override
        void readValues(int chunk, int layer, int from, float[] out, int at, int n) {
            Half.widen(values.get(chunk)[layer], from, out, at, n);
        }
    }

    private static final class Floats extends KvCache {

        private final int layers;
        private final List<float[][]> keys = new ArrayList<>();
        private final List<float[][]> values = new ArrayList<>();

        Floats(ModelConfig config, int capacity) {
            super(config, capacity);
            layers = config.layers();
        }

        @Override
        void addChunk(int size) {
            keys.add(new float[layers][size]);
            values.add(new float[layers][size]);
        }

        @Override
        void round(float[] x, int at, int n) {}

        @Override
        void put(int layer, int position, float[] newKeys, float[] newValues, int at) {
            float[] keysOfLayer = keys.get(position / span)[layer];
            float[] valuesOfLayer = values.get(position / span)[layer];
            int within = position % span;
            for (int head = 0; head < kvHeads; head++) {
                int from = at + head * headSize;
                int value = valueAt(head, 0) + within;
                System.arraycopy(newKeys, from, keysOfLayer, keyAt(head, within), headSize);
                for (int i = 0; i < headSize; i++) {
                    valuesOfLayer[value + i * span] = newValues[from + i];
                }
            }
        }

        @Override
        void readKeys(int chunk, int layer, int from, float[] out, int at, int n) {
            System.arraycopy(keys.get(chunk)[layer], from, out, at, n);
        }

        @Override
        void readValues(int chunk, int layer, int from, float[] out, int at, int n) {
            System.arraycopy(values.get(chunk)[layer], from, out, at, n);
        }
    }
}
