/* Shared by the files of the 256-bit tiers. */
#ifndef QK256_AVX2_H
#define QK256_AVX2_H

#include "tier.h"

#if !defined(__AVX2__) || !defined(__FMA__) || !defined(__F16C__)
#error "the files of these tiers need -mavx2 -mfma -mf16c"
#endif
#ifdef __AVX512F__
#error "the files of these tiers must run without AVX-512: compile them without -mavx512 options"
#endif

#endif
