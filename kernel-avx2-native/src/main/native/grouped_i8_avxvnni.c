/* The int8 GEMV of the AVX-VNNI tier: multiply-add of four pairs of bytes in one instruction, VEX-encoded. */
#ifndef __AVXVNNI__
#error "the files of this tier need -mavxvnni"
#endif

#include "grouped_i8_avx2.c"
