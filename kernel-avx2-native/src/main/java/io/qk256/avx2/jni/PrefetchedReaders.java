package io.qk256.avx2.jni;

import io.qk256.spi.support.MemoryReader;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.List;
import java.util.Locale;

/** Ways to read memory in C with AVX2, without and with prefetches of several kinds and distances. */
public final class PrefetchedReaders implements MemoryReader.Source {

    /** Called by the service loader. */
    public PrefetchedReaders() {}

    @Override
    public List<MemoryReader> readers() {
        if (!Avx2NativeProvider.isUsable()) {
            return List.of();
        }
        return List.of(
                new Reader(Prefetch.NONE, 0),
                new Reader(Prefetch.T0, 4096),
                new Reader(Prefetch.T0, 10240),
                new Reader(Prefetch.T1, 8192),
                new Reader(Prefetch.NTA, 8192));
    }

    private record Reader(Prefetch hint, int ahead) implements MemoryReader {

        @Override
        public String name() {
            return hint == Prefetch.NONE
                    ? "AVX2 without prefetch"
                    : "AVX2, prefetch" + hint.name().toLowerCase(Locale.ROOT) + " " + ahead + " bytes ahead";
        }

        @Override
        public int read(MemorySegment memory) {
            try {
                return Native.read(memory.address(), memory.byteSize(), hint.code, ahead);
            } finally {
                Reference.reachabilityFence(memory);
            }
        }
    }
}
