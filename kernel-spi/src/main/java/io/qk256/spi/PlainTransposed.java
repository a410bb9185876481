package io.qk256.spi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The transposed product in plain Java, for kernels without a faster one. Stateless and thread-safe. */
final class PlainTransposed {

    private static final int CODES = 4;

    private PlainTransposed() {}

    static void multiply(Qk256Matrix w, I8Vector x, IndexList listed, int fromCol, int toCol, F32Vector y) {
        int firstByte = fromCol / CODES;
        byte[] codes = new byte[Math.ceilDiv(toCol, CODES) - firstByte];
        int[] sums = new int[codes.length * CODES];
        int[] products = new int[CODES];
        for (int i = 0; i < listed.size(); i++) {
            int row = listed.get(i);
            int q = x.segment().get(ValueLayout.JAVA_BYTE, row);
            if (q == 0) {
                continue;
            }
            for (int code = 0; code < CODES; code++) {
                products[code] = q * (int) w.codebook().value(code);
            }
            long at = row * w.rowStride() + firstByte;
            MemorySegment.copy(w.codes(), ValueLayout.JAVA_BYTE, at, codes, 0, codes.length);
            add(codes, products, sums);
        }
        for (int col = fromCol; col < toCol; col++) {
            y.set(col, (float) sums[col - firstByte * CODES] / x.scale() * w.tensorScale());
        }
    }

    private static void add(byte[] codes, int[] products, int[] sums) {
        for (int i = 0; i < codes.length; i++) {
            int four = codes[i];
            sums[CODES * i] += products[four & 3];
            sums[CODES * i + 1] += products[four >> 2 & 3];
            sums[CODES * i + 2] += products[four >> 4 & 3];
            sums[CODES * i + 3] += products[four >> 6 & 3];
        }
    }
}
