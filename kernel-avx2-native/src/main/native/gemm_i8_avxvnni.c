/* The int8 GEMM of the AVX-VNNI tier, with up to four columns. */
#ifndef __AVXVNNI__
#error "the files of this tier need -mavxvnni"
#endif

#include "gemm_i8_avx2.c"
