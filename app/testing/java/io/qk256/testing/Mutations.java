package io.qk256.testing;

import io.qk256.testing.GgufAnatomy.Span;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Turns a valid file into almost valid ones: the same files for the same random numbers. */
public final class Mutations {

    /** Replacements for a number: values that overflow, are off by one, or are a type. */
    private static final long[] EXTREMES = {
        0,
        1,
        2,
        -1,
        -2,
        31,
        32,
        64,
        255,
        256,
        Short.MAX_VALUE,
        1 << 16,
        Integer.MAX_VALUE,
        Integer.MIN_VALUE,
        1L << 32,
        (1L << 32) - 1,
        1L << 40,
        1L << 61,
        Long.MAX_VALUE,
        Long.MAX_VALUE - 31,
        Long.MIN_VALUE
    };

    private static final int[] BAD_UTF8 = {0x80, 0xC0, 0xC3, 0xED, 0xF8, 0xFF, 0, 0x1B};
    private static final int[] STRANGE_F32 = {0x7FC0_0000, 0x7F80_0000, 0xFF80_0000, 0x8000_0000, 1, 0x7F7F_FFFF};
    private static final short[] STRANGE_F16 = {0x7E00, 0x7C00, (short) 0xFC00, (short) 0x8000, 1, 0x7BFF};
    private static final int MOST_TYPES = 44;

    private final byte[] good;
    private final GgufAnatomy anatomy;

    /** Mutations of a valid file. */
    public Mutations(byte[] good) {
        this.good = good.clone();
        this.anatomy = GgufAnatomy.of(good);
    }

    /** Applies one or two mutations, and perhaps truncates the file, or adds or removes an entry. */
    public byte[] next(SplittableRandom random) {
        byte[] file = good.clone();
        for (int i = 1 + random.nextInt(2); i > 0; i--) {
            switch (random.nextInt(7)) {
                case 0, 1, 2 -> setNumber(file, random);
                case 3 -> spoilText(file, random);
                case 4 -> flip(file, random);
                case 5 -> setWeight(file, random);
                default -> setOffsets(file, random);
            }
        }
        return switch (random.nextInt(8)) {
            case 0 -> cut(file, random);
            case 1 -> repeat(file, random);
            case 2 -> takeOut(file, random);
            default -> file;
        };
    }

    private void setNumber(byte[] file, SplittableRandom random) {
        Span at = oneOf(anatomy.numbers(), random);
        long old = read(file, at);
        write(
                file,
                at,
                switch (random.nextInt(5)) {
                    case 0 -> old + random.nextInt(-2, 3);
                    case 1 -> random.nextInt(MOST_TYPES);
                    case 2 -> read(file, oneOf(anatomy.numbers(), random));
                    case 3 -> old * 2;
                    default -> EXTREMES[random.nextInt(EXTREMES.length)];
                });
    }

    /** Writes bytes that are not UTF-8, or another entry's name. */
    private void spoilText(byte[] file, SplittableRandom random) {
        Span at = oneOf(anatomy.texts(), random);
        Span other = oneOf(anatomy.texts(), random);
        if (at.length() == 0) {
            return;
        }
        if (random.nextBoolean()) {
            file[at.from() + random.nextInt(at.length())] = (byte) BAD_UTF8[random.nextInt(BAD_UTF8.length)];
        } else {
            System.arraycopy(file, other.from(), file, at.from(), Math.min(at.length(), other.length()));
        }
    }

    private void flip(byte[] file, SplittableRandom random) {
        int end = random.nextBoolean() ? anatomy.data() : file.length;
        file[random.nextInt(end)] ^= (byte) (1 << random.nextInt(8));
    }

    /** Writes NaN, infinity, minus zero or another rare float into the tensor data. */
    private void setWeight(byte[] file, SplittableRandom random) {
        int from = anatomy.data();
        if (file.length - from < Float.BYTES) {
            return;
        }
        int at = from + random.nextInt((file.length - from) / Float.BYTES) * Float.BYTES;
        ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        if (random.nextBoolean()) {
            bytes.putInt(at, STRANGE_F32[random.nextInt(STRANGE_F32.length)]);
        } else {
            bytes.putShort(at, STRANGE_F16[random.nextInt(STRANGE_F16.length)]);
        }
    }

    /** Moves a tensor to where another begins, or near it. */
    private void setOffsets(byte[] file, SplittableRandom random) {
        if (anatomy.tensors().isEmpty()) {
            return;
        }
        Span to = oneOf(anatomy.tensors(), random);
        long offset = read(file, offset(oneOf(anatomy.tensors(), random)));
        write(file, offset(to), offset + (random.nextInt(3) - 1) * 32L);
    }

    private static Span offset(Span tensor) {
        return new Span(tensor.to() - Long.BYTES, tensor.to());
    }

    /** Truncates at a boundary, next to one, or anywhere. */
    private byte[] cut(byte[] file, SplittableRandom random) {
        int at = switch (random.nextInt(3)) {
            case 0 -> oneOf(anatomy.numbers(), random).from() + random.nextInt(2);
            case 1 -> oneOf(anatomy.texts(), random).to();
            default -> random.nextInt(file.length);
        };
        return Arrays.copyOf(file, at);
    }

    /** Repeats a key or tensor; mostly adjusts the count. */
    private byte[] repeat(byte[] file, SplittableRandom random) {
        Span entry = entry(random);
        byte[] longer = new byte[file.length + entry.length()];
        System.arraycopy(file, 0, longer, 0, entry.to());
        System.arraycopy(file, entry.from(), longer, entry.to(), file.length - entry.from());
        return random.nextInt(4) == 0 ? longer : count(longer, entry, 1);
    }

    /** Removes a key or tensor; mostly adjusts the count. */
    private byte[] takeOut(byte[] file, SplittableRandom random) {
        Span entry = entry(random);
        byte[] shorter = new byte[file.length - entry.length()];
        System.arraycopy(file, 0, shorter, 0, entry.from());
        System.arraycopy(file, entry.to(), shorter, entry.from(), file.length - entry.to());
        return random.nextInt(4) == 0 ? shorter : count(shorter, entry, -1);
    }

    private Span entry(SplittableRandom random) {
        boolean key = anatomy.tensors().isEmpty() || (!anatomy.keys().isEmpty() && random.nextBoolean());
        return oneOf(key ? anatomy.keys() : anatomy.tensors(), random);
    }

    private byte[] count(byte[] file, Span entry, int change) {
        int at = anatomy.keys().contains(entry) ? GgufAnatomy.KEY_COUNT : GgufAnatomy.TENSOR_COUNT;
        Span count = new Span(at, at + Long.BYTES);
        write(file, count, read(file, count) + change);
        return file;
    }

    private static Span oneOf(List<Span> spans, SplittableRandom random) {
        return spans.get(random.nextInt(spans.size()));
    }

    private static long read(byte[] file, Span at) {
        long value = 0;
        for (int i = at.length() - 1; i >= 0; i--) {
            value = (value << 8) | (file[at.from() + i] & 0xFF);
        }
        return value;
    }

    private static void write(byte[] file, Span at, long value) {
        for (int i = 0; i < at.length(); i++) {
            file[at.from() + i] = (byte) (value >> (8 * i));
        }
    }
}
