package io.qk256.testing;

import io.qk256.gguf.ValueType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * The positions of all parts of a valid GGUF file, found without the code under test.
 *
 * @param numbers every length, count, type, dimension, offset and integer
 * @param texts the bytes of every name and string
 * @param keys each key from its length to the end of its value
 * @param tensors the tensor descriptions
 * @param data where the tensor data begins
 */
record GgufAnatomy(List<Span> numbers, List<Span> texts, List<Span> keys, List<Span> tensors, int data) {

    static final int TENSOR_COUNT = 8;
    static final int KEY_COUNT = 16;

    private static final int STRING = ValueType.STRING.id();
    private static final int ARRAY = ValueType.ARRAY.id();
    private static final int ALIGNMENT = 32;

    /** A range of bytes of the file. */
    record Span(int from, int to) {

        int length() {
            return to - from;
        }
    }

    static GgufAnatomy of(byte[] file) {
        return new Walk(file).all();
    }

    private static final class Walk {

        private final ByteBuffer file;
        private final List<Span> numbers = new ArrayList<>();
        private final List<Span> texts = new ArrayList<>();

        Walk(byte[] file) {
            this.file = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        }

        GgufAnatomy all() {
            file.position(4);
            number(4);
            long tensors = number(8);
            long keys = number(8);
            List<Span> keySpans = spans(keys, () -> {
                text();
                value((int) number(4));
            });
            List<Span> tensorSpans = spans(tensors, () -> {
                text();
                long dimensions = number(4);
                for (long i = 0; i < dimensions; i++) {
                    number(8);
                }
                number(4);
                number(8);
            });
            int data = Math.ceilDiv(file.position(), ALIGNMENT) * ALIGNMENT;
            return new GgufAnatomy(numbers, texts, keySpans, tensorSpans, Math.min(data, file.limit()));
        }

        private List<Span> spans(long count, Runnable read) {
            List<Span> spans = new ArrayList<>();
            for (long i = 0; i < count; i++) {
                int from = file.position();
                read.run();
                spans.add(new Span(from, file.position()));
            }
            return spans;
        }

        private void value(int type) {
            if (type == STRING) {
                text();
            } else if (type == ARRAY) {
                int element = (int) number(4);
                long count = number(8);
                for (long i = 0; i < count; i++) {
                    value(element);
                }
            } else {
                number(ValueType.of(type).orElseThrow().minBytes());
            }
        }

        private void text() {
            int length = Math.toIntExact(number(8));
            texts.add(new Span(file.position(), file.position() + length));
            file.position(file.position() + length);
        }

        private long number(int bytes) {
            int at = file.position();
            numbers.add(new Span(at, at + bytes));
            file.position(at + bytes);
            return switch (bytes) {
                case 1 -> file.get(at);
                case 2 -> file.getShort(at);
                case 4 -> file.getInt(at);
                default -> file.getLong(at);
            };
        }
    }
}
