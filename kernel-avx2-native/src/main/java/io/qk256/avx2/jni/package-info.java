/**
 * The kernel in C with AVX2 and FMA intrinsics, behind JNI; its int8 products use AVX-VNNI and AVX-512 VNNI where the
 * CPU has them.
 */
@NullMarked
package io.qk256.avx2.jni;

import org.jspecify.annotations.NullMarked;
