/* The int8 product with up to four columns of the AVX-VNNI tier. */
#ifndef __AVXVNNI__
#error "the files of this tier need -mavxvnni"
#endif

#include "gemm_i8_avx2.c"
