package io.qk256.spi;

/**
 * Instruction-set extensions that a kernel can require. A kernel declares every extension it uses,
 * even those that usually come together.
 */
public enum CpuFeature {
    /** x86: 256-bit floating point. */
    AVX,
    /** x86: 256-bit integers. */
    AVX2,
    /** x86: fused multiply-add. */
    FMA,
    /** x86: conversion between f16 and f32. */
    F16C,
    /** x86: bit extraction and deposit, among others. */
    BMI2,
    /** x86: byte multiply-add into 32 bits, VEX-encoded (256-bit). */
    AVX_VNNI,
    /** x86: 512-bit foundation. */
    AVX512F,
    /** x86: 512-bit bytes and words. */
    AVX512BW,
    /** x86: 512-bit double and quad words. */
    AVX512DQ,
    /** x86: the AVX-512 instructions on 128 and 256 bits. */
    AVX512VL,
    /** x86: 512-bit byte permutes. */
    AVX512_VBMI,
    /** x86: byte multiply-add into 32 bits, EVEX-encoded. */
    AVX512_VNNI,
    /** Arm: 128-bit vectors (Neon). */
    ASIMD,
    /** Arm: int8 dot product. */
    DOTPROD,
    /** Arm: int8 matrix multiply. */
    I8MM,
    /** Arm: scalable vectors. */
    SVE;

    /** The feature's name in tables and options: the constant's name in lower case. */
    public String label() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
