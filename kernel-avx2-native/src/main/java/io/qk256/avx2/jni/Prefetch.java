package io.qk256.avx2.jni;

/** Which caches a prefetch fills. */
enum Prefetch {
    NONE(Native.NO_PREFETCH),

    /** All caches. */
    T0(Native.PREFETCH_T0),

    /** The second level and beyond. */
    T1(Native.PREFETCH_T1),

    /** The last level, or the second on CPUs that do not tell them apart. */
    T2(Native.PREFETCH_T2),

    /** For data that is used once. */
    NTA(Native.PREFETCH_NTA);

    /** The number of the C side. */
    final int code;

    Prefetch(int code) {
        this.code = code;
    }
}
