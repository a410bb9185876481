/* Reads memory as fast as the CPU can, for measurements. */
#include "tiers.h"

#include "avx2.h"

/* Prefetches `ahead` bytes from here; `hint` is a constant. */
INLINE void prefetch_hint(int hint, const uint8_t *bytes, uint64_t ahead) {
    const char *to = (const char *)((uintptr_t)bytes + (uintptr_t)ahead);
    switch (hint) {
    case QK256_T0:
        _mm_prefetch(to, _MM_HINT_T0);
        break;
    case QK256_T1:
        _mm_prefetch(to, _MM_HINT_T1);
        break;
    case QK256_T2:
        _mm_prefetch(to, _MM_HINT_T2);
        break;
    case QK256_NTA:
        _mm_prefetch(to, _MM_HINT_NTA);
        break;
    default:
        break;
    }
}

INLINE uint32_t sum_of(int hint, const uint8_t *bytes, int64_t n, uint64_t ahead) {
    const __m256i mask = _mm256_set1_epi32(0x55555555);
    __m256i sums[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    for (int64_t i = 0; i < n; i += 64) {
        prefetch_hint(hint, bytes + i, ahead);
        for (int k = 0; k < 2; k++) {
            const __m256i loaded = _mm256_loadu_si256((const __m256i *)(bytes + i + 32 * k));
            sums[k] = _mm256_add_epi32(sums[k], _mm256_and_si256(loaded, mask));
        }
    }
    const __m256i both = _mm256_add_epi32(sums[0], sums[1]);
    __m128i lanes = _mm_add_epi32(_mm256_castsi256_si128(both), _mm256_extracti128_si256(both, 1));
    lanes = _mm_add_epi32(lanes, _mm_shuffle_epi32(lanes, _MM_SHUFFLE(1, 0, 3, 2)));
    return (uint32_t)_mm_cvtsi128_si32(lanes) + (uint32_t)_mm_extract_epi32(lanes, 1);
}

uint32_t qk256_read_avx2(const uint8_t *bytes, int64_t n, int32_t hint, int32_t ahead) {
    switch (hint) {
    case QK256_T0:
        return sum_of(QK256_T0, bytes, n, (uint64_t)ahead);
    case QK256_T1:
        return sum_of(QK256_T1, bytes, n, (uint64_t)ahead);
    case QK256_T2:
        return sum_of(QK256_T2, bytes, n, (uint64_t)ahead);
    case QK256_NTA:
        return sum_of(QK256_NTA, bytes, n, (uint64_t)ahead);
    default:
        return sum_of(QK256_NO_PREFETCH, bytes, n, 0);
    }
}
