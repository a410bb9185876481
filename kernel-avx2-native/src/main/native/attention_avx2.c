/* Attention in AVX2. */
#include "attention.h"
#include "avx2.h"

#define QK256_ATTENTION_OPERATION qk256_attention_avx2

enum { LANES = 8, DOT_ROWS = 2 };

typedef __m256 floats;
typedef __m256d doubles;

INLINE floats zero(void) {
    return _mm256_setzero_ps();
}

INLINE floats all(float x) {
    return _mm256_set1_ps(x);
}

INLINE floats load(const float *from) {
    return _mm256_loadu_ps(from);
}

INLINE void store(float *to, floats x) {
    _mm256_storeu_ps(to, x);
}

INLINE floats widened(const uint16_t *halves) {
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)halves));
}

INLINE floats to_half_and_back(floats x) {
    return _mm256_cvtph_ps(_mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT));
}

INLINE floats fmadd(floats a, floats b, floats c) {
    return _mm256_fmadd_ps(a, b, c);
}

/* The second if one of them is NaN; so is the next. */
INLINE floats larger(floats a, floats b) {
    return _mm256_max_ps(a, b);
}

INLINE floats lesser(floats a, floats b) {
    return _mm256_min_ps(a, b);
}

INLINE float largest_lane(floats x) {
    const __m128 four = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

INLINE doubles zero_double(void) {
    return _mm256_setzero_pd();
}

INLINE doubles all_double(double x) {
    return _mm256_set1_pd(x);
}

/* Multiplies by 2^n, where n is in the low bits of `rounded`. */
INLINE doubles with_exponent(doubles x, doubles rounded) {
    return _mm256_castsi256_pd(
        _mm256_add_epi64(_mm256_castpd_si256(x), _mm256_slli_epi64(_mm256_castpd_si256(rounded), 52)));
}

INLINE doubles lower(floats x) {
    return _mm256_cvtps_pd(_mm256_castps256_ps128(x));
}

INLINE doubles upper(floats x) {
    return _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1));
}

INLINE floats narrowed(doubles lower, doubles upper) {
    return _mm256_set_m128(_mm256_cvtpd_ps(upper), _mm256_cvtpd_ps(lower));
}

/* Sum i takes numbers i, i + 8 and so on. */
INLINE void add_eight(doubles *sums, floats x) {
    sums[0] = _mm256_add_pd(sums[0], lower(x));
    sums[1] = _mm256_add_pd(sums[1], upper(x));
}

INLINE double sum_of_eight(const doubles *sums) {
    double s[8];
    _mm256_storeu_pd(s, sums[0]);
    _mm256_storeu_pd(s + 4, sums[1]);
    return ((s[0] + s[4]) + (s[1] + s[5])) + ((s[2] + s[6]) + (s[3] + s[7]));
}

#include "attention_loops.h"
