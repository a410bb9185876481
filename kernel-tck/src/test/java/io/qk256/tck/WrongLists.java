package io.qk256.tck;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Vector;
import io.qk256.spi.IndexList;
import io.qk256.spi.Qk256Matrix;

/** All kernels in this file are wrong! They are right but for the products with a list of rows. */
final class WrongLists {

    private static final int BLOCK = 256;

    /** Correct products with a list in small methods. */
    static class PlainLists extends PlainKernel {

        int from(IndexList listed, int fromRow) {
            return listed.position(fromRow);
        }

        int to(IndexList listed, int toRow) {
            return listed.position(toRow);
        }

        @Override
        protected void gemvListedRows(
                Qk256Matrix w, I8Vector x, IndexList listed, int fromRow, int toRow, F32Vector y) {
            for (int i = from(listed, fromRow); i < to(listed, toRow); i++) {
                write(y, listed.get(i), integerRowProduct(w, x, listed.get(i)));
            }
        }

        int q(I8Vector x, int row) {
            return x.segment().get(JAVA_BYTE, row);
        }

        int transposedCode(Qk256Matrix w, int row, int col) {
            return code(w, row, col);
        }

        int transposedTerm(Qk256Matrix w, I8Vector x, int row, int col) {
            return ((int) w.codebook().value(transposedCode(w, row, col))) * q(x, row);
        }

        int count(IndexList listed) {
            return listed.size();
        }

        float transposedSum(Qk256Matrix w, I8Vector x, IndexList listed, int col) {
            int sum = 0;
            for (int i = 0; i < count(listed); i++) {
                sum += transposedTerm(w, x, listed.get(i), col);
            }
            return sum;
        }

        float transposedResult(Qk256Matrix w, I8Vector x, float sum) {
            return sum / x.scale() * w.tensorScale();
        }

        int firstCol(int fromCol) {
            return fromCol;
        }

        int lastCol(Qk256Matrix w, int toCol) {
            return toCol;
        }

        @Override
        protected void gemvTransposedCols(
                Qk256Matrix w, I8Vector x, IndexList listed, int fromCol, int toCol, F32Vector y) {
            for (int col = firstCol(fromCol); col < lastCol(w, toCol); col++) {
                y.set(col, transposedResult(w, x, transposedSum(w, x, listed, col)));
            }
        }
    }

    private WrongLists() {}

    static void addTo(WrongKernels wrong) {
        addListed(wrong);
        addSums(wrong);
        addPlaces(wrong);
    }

    private static void addListed(WrongKernels wrong) {
        wrong.add("listed-rows-and-those-between", Rules.LISTED_ROWS, new PlainLists() {
            @Override
            protected void gemvListedRows(
                    Qk256Matrix w, I8Vector x, IndexList listed, int fromRow, int toRow, F32Vector y) {
                int last = listed.get(listed.position(toRow) - 1);
                gemvI8Rows(w, x, listed.get(listed.position(fromRow)), last + 1, y);
            }
        });
        wrong.add("listed-rows-in-whole-fours", Rules.LISTED_ROWS, new PlainLists() {
            @Override
            int to(IndexList listed, int toRow) {
                int from = 0;
                return from + (super.to(listed, toRow) - from) / 4 * 4;
            }
        });
        wrong.add("listed-rows-packed-in-the-result", Rules.LISTED_ROWS, new PlainLists() {
            @Override
            protected void gemvListedRows(
                    Qk256Matrix w, I8Vector x, IndexList listed, int fromRow, int toRow, F32Vector y) {
                for (int i = from(listed, fromRow); i < to(listed, toRow); i++) {
                    write(y, i, integerRowProduct(w, x, listed.get(i)));
                }
            }
        });
        wrong.add("listed-rows-of-any-range", Rules.LISTED_ROWS, new PlainLists() {
            @Override
            int from(IndexList listed, int fromRow) {
                return 0;
            }
        });
        wrong.add("listed-range-ends-with-the-first-row-after-it", Rules.LISTED_ROWS, new PlainLists() {
            @Override
            int to(IndexList listed, int toRow) {
                return Math.min(listed.size(), super.to(listed, toRow) + 1);
            }
        });
        wrong.add("rows-that-are-not-listed-cleared", Rules.LISTED_ROWS, new PlainLists() {
            @Override
            protected void gemvListedRows(
                    Qk256Matrix w, I8Vector x, IndexList listed, int fromRow, int toRow, F32Vector y) {
                for (int row = fromRow; row < toRow; row++) {
                    write(y, row, 0);
                }
                super.gemvListedRows(w, x, listed, fromRow, toRow, y);
            }
        });
        wrong.add("listed-rows-without-group-scales", Rules.LISTED_ROWS, new PlainLists() {
            private boolean listing;

            @Override
            float groupScale(Qk256Matrix w, int row, int group) {
                return listing ? 1 : super.groupScale(w, row, group);
            }

            @Override
            protected void gemvListedRows(
                    Qk256Matrix w, I8Vector x, IndexList listed, int fromRow, int toRow, F32Vector y) {
                listing = true;
                super.gemvListedRows(w, x, listed, fromRow, toRow, y);
                listing = false;
            }
        });
        wrong.add("listed-rows-counted-in-8-bits", Rules.LISTED_ROWS, new PlainLists() {
            @Override
            int to(IndexList listed, int toRow) {
                return Math.min(super.to(listed, toRow), 255);
            }
        });
    }

    private static void addSums(WrongKernels wrong) {
        wrong.add("transposed-all-rows-count", Rules.TRANSPOSED, new PlainLists() {
            @Override
            float transposedSum(Qk256Matrix w, I8Vector x, IndexList listed, int col) {
                int sum = 0;
                for (int row = 0; row < w.rows(); row++) {
                    sum += transposedTerm(w, x, row, col);
                }
                return sum;
            }
        });
        wrong.add("transposed-rows-in-whole-fours", Rules.TRANSPOSED, new PlainLists() {
            @Override
            int count(IndexList listed) {
                return listed.size() / 4 * 4;
            }
        });
        wrong.add("transposed-list-cut-at-4096-rows", Rules.TRANSPOSED, new PlainLists() {
            @Override
            int count(IndexList listed) {
                return Math.min(listed.size(), 4096);
            }
        });
        wrong.add("transposed-activations-by-position", Rules.TRANSPOSED, new PlainLists() {
            @Override
            float transposedSum(Qk256Matrix w, I8Vector x, IndexList listed, int col) {
                int sum = 0;
                for (int i = 0; i < listed.size(); i++) {
                    sum += ((int) w.codebook().value(code(w, listed.get(i), col))) * q(x, i);
                }
                return sum;
            }
        });
        wrong.add("transposed-sums-of-16-bits", Rules.TRANSPOSED, new PlainLists() {
            @Override
            float transposedSum(Qk256Matrix w, I8Vector x, IndexList listed, int col) {
                short sum = 0;
                for (int i = 0; i < listed.size(); i++) {
                    sum += (short) transposedTerm(w, x, listed.get(i), col);
                }
                return sum;
            }
        });
        wrong.add("transposed-fours-saturate-in-16-bits", Rules.TRANSPOSED, new PlainLists() {
            @Override
            float transposedSum(Qk256Matrix w, I8Vector x, IndexList listed, int col) {
                int smallest = (int) Math.min(
                        Math.min(w.codebook().value0(), w.codebook().value1()),
                        Math.min(w.codebook().value2(), w.codebook().value3()));
                int sum = 0;
                int ofQ = 0;
                for (int i = 0; i < listed.size(); i += 4) {
                    int four = 0;
                    for (int k = i; k < Math.min(i + 4, listed.size()); k++) {
                        int q = q(x, listed.get(k));
                        four += ((int) w.codebook().value(code(w, listed.get(k), col)) - smallest) * q;
                        ofQ += q;
                    }
                    sum += Math.max(Short.MIN_VALUE + 1, Math.min(four, Short.MAX_VALUE));
                }
                return sum + smallest * ofQ;
            }
        });
        wrong.add("transposed-sums-of-f32", Rules.TRANSPOSED, new PlainLists() {
            @Override
            float transposedSum(Qk256Matrix w, I8Vector x, IndexList listed, int col) {
                float sum = 0;
                for (int i = 0; i < listed.size(); i++) {
                    sum += transposedTerm(w, x, listed.get(i), col);
                }
                return sum;
            }
        });
        wrong.add("transposed-q-minus-128-taken-for-minus-127", Rules.TRANSPOSED, new PlainLists() {
            @Override
            int q(I8Vector x, int row) {
                return Math.max(-127, super.q(x, row));
            }
        });
    }

    private static void addPlaces(WrongKernels wrong) {
        wrong.add("transposed-range-starts-with-its-block", Rules.TRANSPOSED, new PlainLists() {
            @Override
            int firstCol(int fromCol) {
                return fromCol / BLOCK * BLOCK;
            }
        });
        wrong.add("transposed-range-ends-with-its-byte", Rules.TRANSPOSED, new PlainLists() {
            @Override
            int lastCol(Qk256Matrix w, int toCol) {
                return Math.min(w.cols(), Math.ceilDiv(toCol, 4) * 4);
            }
        });
        wrong.add("transposed-codes-of-the-first-block", Rules.TRANSPOSED, new PlainLists() {
            @Override
            int transposedCode(Qk256Matrix w, int row, int col) {
                return code(w, row, col % BLOCK);
            }
        });
        wrong.add("transposed-rows-without-gaps", Rules.ROW_STRIDE, new PlainLists() {
            @Override
            int transposedCode(Qk256Matrix w, int row, int col) {
                long at = (long) row * w.blocks() * (BLOCK / 4) + col / 4;
                return field(w.codes().get(JAVA_BYTE, at), col % 4);
            }
        });
        wrong.add("transposed-tensor-scale-first", Rules.TRANSPOSED, new PlainLists() {
            @Override
            float transposedResult(Qk256Matrix w, I8Vector x, float sum) {
                return sum * w.tensorScale() / x.scale();
            }
        });
        wrong.add("transposed-result-added", Rules.DIRTY_RESULT, new PlainLists() {
            @Override
            protected void gemvTransposedCols(
                    Qk256Matrix w, I8Vector x, IndexList listed, int fromCol, int toCol, F32Vector y) {
                float[] before = y.toArray();
                super.gemvTransposedCols(w, x, listed, fromCol, toCol, y);
                for (int col = fromCol; col < toCol; col++) {
                    y.set(col, y.get(col) + before[col]);
                }
            }
        });
        wrong.add("transposed-without-a-list-left-as-it-was", Rules.TRANSPOSED, new PlainLists() {
            @Override
            protected void gemvTransposedCols(
                    Qk256Matrix w, I8Vector x, IndexList listed, int fromCol, int toCol, F32Vector y) {
                if (listed.size() > 0) {
                    super.gemvTransposedCols(w, x, listed, fromCol, toCol, y);
                }
            }
        });
        wrong.add("transposed-codes-of-ternary-weights", Rules.TRANSPOSED, new PlainLists() {
            @Override
            int transposedTerm(Qk256Matrix w, I8Vector x, int row, int col) {
                return (transposedCode(w, row, col) - 1) * q(x, row);
            }
        });
    }
}
