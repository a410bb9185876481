/* The GEMM of 8-bit rows of the AVX-VNNI tier. */
#ifndef __AVXVNNI__
#error "the files of this tier need -mavxvnni"
#endif

#include "gemm_q8_avx2.c"
