/*
 * The int8 GEMM with up to 16 columns of activations by AMX. A tile instruction multiplies 16 rows of 64 bytes with 16
 * columns of 64 bytes and adds the sums to 16 x 16 numbers. As in i8_avx512.h, codes become unsigned bytes u = value -
 * smallest value, and each plane of a block of 16 rows is a tile. Nobody has run this on hardware, only in an
 * emulated CPU (.ci/emulated); the native check runs it with tile instructions in plain C.
 */
#include "i8_avx512.h"

#include "wide.h"

#ifndef QK256_EMULATED_TILES
#if !defined(__AMX_INT8__) && !defined(__AMXINT8__) /* by gcc, by older clang */
#error "this file needs -mamx-tile -mamx-int8"
#endif
#define TILE_CONFIGURE(config) _tile_loadconfig(config)
#define TILE_ZERO(tile) _tile_zero(tile)
#define TILE_LOAD(tile, from) _tile_loadd(tile, from, 64)
#define TILE_ADD_PRODUCTS(sums, u, q) _tile_dpbusd(sums, u, q)
#define TILE_STORE(tile, to) _tile_stored(tile, to, 64)
#define TILE_RELEASE() _tile_release()
#endif

enum { TILE_ROWS = 16, TILE_BYTES = 1024, PLANES = 4 };

/* Tiles: sums of the planes with even and with odd numbers, so that two chains of additions overlap; then the operands.
 * gcc makes names of instructions from these numbers. */
#define EVEN_SUMS 0
#define ODD_SUMS 1
#define EVEN_U 2
#define EVEN_Q 3
#define ODD_U 4
#define ODD_Q 5

/* The configuration of palette 1: eight tiles of 16 rows with 64 bytes. */
typedef struct {
    _Alignas(64) uint8_t palette;
    uint8_t start_row;
    uint8_t reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} tile_config;

static tile_config whole_tiles(void) {
    tile_config config = {.palette = 1};
    for (int tile = 0; tile < 8; tile++) {
        config.row_bytes[tile] = 64;
        config.rows[tile] = TILE_ROWS;
    }
    return config;
}

/* Arranges a block of `columns` columns, of which `n` activations are present: plane k is a tile whose row i has, of each
 * column, the four activations of that plane that belong to bytes 4 i .. 4 i + 3. Adds the sums of columns to `sums`. */
static void arrange_tiles(int32_t columns, const int8_t *q, int64_t stride, int32_t n, int8_t *tiles, int32_t *sums) {
    _Alignas(64) int8_t planes[PLANES * 64];
    if (columns < WIDE_COLUMNS) {
        memset(tiles, 0, PLANES * TILE_BYTES);
    }
    for (int32_t c = 0; c < columns; c++) {
        sums[c] = (int32_t)((uint32_t)sums[c] + (uint32_t)arrange_block(q + c * stride, n, planes, 64));
        for (int i = 0; i < PLANES * 16; i++) {
            memcpy(tiles + 64 * i + 4 * c, planes + 4 * i, 4);
        }
    }
}

/* Sums wrap: only the corrected ones have to fit in 32 bits. */
static void multiply(const qk256_call *w, int64_t row, byte_table table, const int8_t *tiles, int32_t *sums) {
    _Alignas(64) uint8_t u[PLANES * TILE_BYTES];
    _Alignas(64) int32_t odd[TILE_ROWS * WIDE_COLUMNS];
    const uint64_t ahead = TILE_ROWS * (uint64_t)w->row_stride;
    TILE_ZERO(EVEN_SUMS);
    TILE_ZERO(ODD_SUMS);
    for (int32_t b = 0; b < qk256_blocks(w->cols); b++) {
        for (int r = 0; r < TILE_ROWS; r++) {
            /* If the matrix ends within the tile, its last row stands in for the missing rows. */
            const uint8_t *from = w->codes + (row + smaller(w->rows - row - 1, r)) * w->row_stride + (int64_t)b * BLOCK_BYTES;
            prefetch(w->prefetch, from, ahead);
            const __m512i codes = _mm512_loadu_si512(from);
            for (int k = 0; k < PLANES; k++) {
                _mm512_store_si512(u + k * TILE_BYTES + 64 * r, look_up(codes, k, table));
            }
        }
        const int8_t *q = tiles + (int64_t)b * PLANES * TILE_BYTES;
        for (int k = 0; k < PLANES; k += 2) {
            TILE_LOAD(EVEN_U, u + k * TILE_BYTES);
            TILE_LOAD(EVEN_Q, q + k * TILE_BYTES);
            TILE_ADD_PRODUCTS(EVEN_SUMS, EVEN_U, EVEN_Q);
            TILE_LOAD(ODD_U, u + (k + 1) * TILE_BYTES);
            TILE_LOAD(ODD_Q, q + (k + 1) * TILE_BYTES);
            TILE_ADD_PRODUCTS(ODD_SUMS, ODD_U, ODD_Q);
        }
    }
    TILE_STORE(EVEN_SUMS, sums);
    TILE_STORE(ODD_SUMS, odd);
    for (int i = 0; i < TILE_ROWS * WIDE_COLUMNS; i += 16) {
        const __m512i both = _mm512_add_epi32(_mm512_load_si512(sums + i), _mm512_load_si512(odd + i));
        _mm512_store_si512(sums + i, both);
    }
}

void qk256_gemm_i8_amx(QK256_WIDE_PARAMETERS float *y) {
    const qk256_call w = QK256_CALL;
    const byte_table table = byte_table_of(w.codebook);
    const tile_config config = whole_tiles();
    _Alignas(64) int32_t sums[TILE_ROWS * WIDE_COLUMNS];
    _Alignas(64) float results[TILE_ROWS * WIDE_COLUMNS];
    _Alignas(64) int32_t q_sums[WIDE_COLUMNS] = {0};
    _Alignas(64) float scales[WIDE_COLUMNS] = {0};
    int8_t *tiles = scratch;
    memcpy(scales, x_scales, (size_t)columns * sizeof *scales);
    for (int32_t col = 0; col < cols; col += BLOCK_WEIGHTS) {
        arrange_tiles(columns, (const int8_t *)x + col, x_stride, cols - col,
            tiles + (int64_t)(col / BLOCK_WEIGHTS) * PLANES * TILE_BYTES, q_sums);
    }
    const __m512i offsets = _mm512_mullo_epi32(table.smallest, _mm512_load_si512(q_sums));
    const __m512 of_columns = _mm512_load_ps(scales), of_tensor = _mm512_set1_ps(tensor_scale);
    TILE_CONFIGURE(&config);
    for (int64_t row = 0; row < rows; row += TILE_ROWS) {
        multiply(&w, row, table, tiles, sums);
        for (int i = 0; i < TILE_ROWS * WIDE_COLUMNS; i += WIDE_COLUMNS) {
            const __m512 exact = _mm512_cvtepi32_ps(_mm512_add_epi32(_mm512_load_si512(sums + i), offsets));
            _mm512_store_ps(results + i, _mm512_mul_ps(_mm512_div_ps(exact, of_columns), of_tensor));
        }
        const int32_t present = smaller(rows - row, TILE_ROWS);
        for (int32_t c = 0; c < columns; c++) {
            for (int32_t r = 0; r < present; r++) {
                y[c * y_stride + row + r] = results[r * WIDE_COLUMNS + c];
            }
        }
    }
    TILE_RELEASE();
}
