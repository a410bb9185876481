/* The loops over rows and columns; see transposed.h. */

static some_rows rows_at(const qk256_call *w, const int32_t *list, int32_t listed, int32_t i, int32_t ahead) {
    const int8_t *q = w->x;
    some_rows rows;
    int8_t some[ROWS];
    for (int32_t r = 0; r < ROWS; r++) {
        const int32_t at = smaller((int64_t)i + r, listed - 1);
        const int32_t next = smaller((int64_t)i + r + ahead, listed - 1);
        rows.codes[r] = w->codes + list[at] * w->row_stride;
        rows.next[r] = w->codes + list[next] * w->row_stride;
        some[r] = i + r < listed ? q[list[at]] : 0;
    }
    memcpy(rows.q, some, sizeof some);
    return rows;
}

/* Adds the products of all rows to the sums of some columns; `from` is their first byte in a row. */
INLINE void add_listed(int kind, const qk256_call *w, const int32_t *list, int32_t listed, int64_t from, int32_t bytes,
    byte_table table, int32_t *sums) {
    const int32_t ahead = (int32_t)((rows_to_prefetch(w->prefetch, (bytes - 1) / BLOCK_BYTES + 1) + ROWS - 1) / ROWS) * ROWS;
    for (int32_t i = 0; i < listed; i += ROWS) {
        const some_rows rows = rows_at(w, list, listed, i, ahead);
        for (int32_t at = 0; at < bytes; at += BYTES) {
            if (at % BLOCK_BYTES == 0) {
                for (int32_t r = 0; r < ROWS; r++) {
                    prefetch(w->prefetch, rows.next[r] + from + at, 0);
                }
            }
            add_rows(kind, &rows, from + at, table, sums + (int64_t)at * 4);
        }
    }
}

void TRANSPOSED(QK256_LISTED_PARAMETERS float *y) {
    const qk256_call w = QK256_CALL;
    _Alignas(64) int32_t sums[PART];
    float results[4 * BYTES];
    const byte_table table = byte_table_of(w.codebook);
    const int kind = kind_of(table, listed);
    int32_t q_sum = 0;
    for (int32_t i = 0; i < listed; i++) {
        q_sum += ((const int8_t *)x)[list[i]];
    }
    const int32_t offset = (int32_t)((uint32_t)smallest_of(table) * (uint32_t)q_sum);
    const int32_t last_byte = (to_col - 1) / 4;
    for (int32_t from = from_col / (4 * BYTES) * BYTES; from <= last_byte; from += PART_BYTES) {
        const int32_t bytes = smaller((last_byte - from) / BYTES * BYTES + BYTES, PART_BYTES);
        memset(sums, 0, (size_t)bytes * 4 * sizeof *sums);
        if (kind == CODES) {
            add_listed(CODES, &w, list, listed, from, bytes, table, sums);
        } else if (kind == NARROW) {
            add_listed(NARROW, &w, list, listed, from, bytes, table, sums);
        } else {
            add_listed(WIDE, &w, list, listed, from, bytes, table, sums);
        }
        for (int32_t at = 0; at < bytes; at += BYTES) {
            const int32_t col = 4 * (from + at);
            const int32_t first = col > from_col ? col : from_col;
            const int32_t end = smaller(to_col, col + 4 * BYTES);
            finish(kind, sums + 4 * at, offset, x_scale, w.tensor_scale, results);
            memcpy(y + first, results + (first - col), (size_t)(end - first) * sizeof *y);
        }
    }
}
