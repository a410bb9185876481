/* The AMX kernel with tile instructions in plain C, as Intel's manual describes them, so that its arithmetic is tested on
 * CPUs without AMX. */
#include <stdint.h>
#include <string.h>

static _Thread_local struct {
    uint8_t bytes[16][64];
} tiles_of_cpu[8];
static _Thread_local int configured;

static void configure(const void *config) {
    const uint8_t *bytes = config;
    configured = bytes[0] == 1;
    for (int tile = 0; tile < 8; tile++) {
        configured &= bytes[16 + 2 * tile] == 64 && bytes[17 + 2 * tile] == 0 && bytes[48 + tile] == 16;
    }
}

static void add_products(int sums, int u, int q) {
    for (int m = 0; m < 16 && configured; m++) {
        for (int k = 0; k < 16; k++) {
            for (int n = 0; n < 16; n++) {
                uint32_t sum;
                memcpy(&sum, tiles_of_cpu[sums].bytes[m] + 4 * n, 4);
                for (int i = 0; i < 4; i++) {
                    sum += (uint32_t)(tiles_of_cpu[u].bytes[m][4 * k + i] * (int8_t)tiles_of_cpu[q].bytes[k][4 * n + i]);
                }
                memcpy(tiles_of_cpu[sums].bytes[m] + 4 * n, &sum, 4);
            }
        }
    }
}

#define QK256_EMULATED_TILES
#define TILE_CONFIGURE(config) configure(config)
#define TILE_ZERO(tile) memset(tiles_of_cpu[tile].bytes, 0, 1024)
#define TILE_LOAD(tile, from) memcpy(tiles_of_cpu[tile].bytes, from, 1024)
#define TILE_ADD_PRODUCTS(sums, u, q) add_products(sums, u, q)
#define TILE_STORE(tile, to) memcpy(to, tiles_of_cpu[tile].bytes, 1024)
#define TILE_RELEASE() (configured = 0)
#define qk256_gemm_i8_amx qk256_gemm_i8_amx_emulated

#include "gemm_i8_amx.c"
