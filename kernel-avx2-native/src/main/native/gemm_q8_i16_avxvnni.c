/* The GEMM of 8-bit rows with int16 activations of the AVX-VNNI tier. */
#ifndef __AVXVNNI__
#error "the files of this tier need -mavxvnni"
#endif

#include "gemm_q8_i16_avx2.c"
