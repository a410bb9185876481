/* Attention in AVX-512. */
#include "attention.h"
#include "tier.h"

#if !defined(__AVX512F__) || !defined(__AVX512BW__) || !defined(__AVX512VL__) || !defined(__F16C__)
#error "these files need -mf16c -mavx512f -mavx512bw -mavx512vl -mavx512vnni"
#endif

#define QK256_ATTENTION_OPERATION qk256_attention_avx512vnni

enum { LANES = 16, DOT_ROWS = 4 };

typedef __m512 floats;
typedef __m512d doubles;

INLINE floats zero(void) {
    return _mm512_setzero_ps();
}

INLINE floats all(float x) {
    return _mm512_set1_ps(x);
}

INLINE floats load(const float *from) {
    return _mm512_loadu_ps(from);
}

INLINE void store(float *to, floats x) {
    _mm512_storeu_ps(to, x);
}

INLINE floats widened(const uint16_t *halves) {
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)halves));
}

INLINE floats to_half_and_back(floats x) {
    return _mm512_cvtph_ps(_mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT));
}

INLINE floats fmadd(floats a, floats b, floats c) {
    return _mm512_fmadd_ps(a, b, c);
}

/* The second if one of them is NaN; so is the next. */
INLINE floats larger(floats a, floats b) {
    return _mm512_max_ps(a, b);
}

INLINE floats lesser(floats a, floats b) {
    return _mm512_min_ps(a, b);
}

INLINE float largest_lane(floats x) {
    return _mm512_reduce_max_ps(x);
}

INLINE doubles zero_double(void) {
    return _mm512_setzero_pd();
}

INLINE doubles all_double(double x) {
    return _mm512_set1_pd(x);
}

/* Multiplies by 2^n, where n is in the low bits of `rounded`. */
INLINE doubles with_exponent(doubles x, doubles rounded) {
    return _mm512_castsi512_pd(
        _mm512_add_epi64(_mm512_castpd_si512(x), _mm512_slli_epi64(_mm512_castpd_si512(rounded), 52)));
}

INLINE doubles lower(floats x) {
    return _mm512_cvtps_pd(_mm512_castps512_ps256(x));
}

INLINE doubles upper(floats x) {
    return _mm512_cvtps_pd(_mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(x), 1)));
}

INLINE floats narrowed(doubles lower, doubles upper) {
    const __m512d low = _mm512_castps_pd(_mm512_castps256_ps512(_mm512_cvtpd_ps(lower)));
    return _mm512_castpd_ps(_mm512_insertf64x4(low, _mm256_castps_pd(_mm512_cvtpd_ps(upper)), 1));
}

/* Adds eight numbers after the other: sum i takes numbers i, i + 8 and so on. */
INLINE void add_eight(doubles *sums, floats x) {
    sums[0] = _mm512_add_pd(_mm512_add_pd(sums[0], lower(x)), upper(x));
}

/* ((0 + 4) + (1 + 5)) + ((2 + 6) + (3 + 7)) */
INLINE double sum_of_eight(const doubles *sums) {
    const __m512d four = _mm512_add_pd(sums[0], _mm512_shuffle_f64x2(sums[0], sums[0], _MM_SHUFFLE(1, 0, 3, 2)));
    const __m512d two = _mm512_add_pd(four, _mm512_permute_pd(four, 0x55));
    return _mm512_cvtsd_f64(_mm512_add_pd(two, _mm512_shuffle_f64x2(two, two, _MM_SHUFFLE(2, 3, 0, 1))));
}

#include "attention_loops.h"
