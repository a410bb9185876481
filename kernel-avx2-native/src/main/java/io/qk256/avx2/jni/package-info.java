/** The kernel in C with AVX2 and FMA intrinsics, behind JNI. */
@NullMarked
package io.qk256.avx2.jni;

import org.jspecify.annotations.NullMarked;
