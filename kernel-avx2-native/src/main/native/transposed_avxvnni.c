/* The transposed int8 product of the AVX-VNNI tier. */
#ifndef __AVXVNNI__
#error "the files of this tier need -mavxvnni"
#endif

#include "transposed_avx2.c"
