package io.qk256.spi.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PerThreadTest {

    @Test
    void aThreadAlwaysGetsItsOwn() throws InterruptedException {
        PerThread<Object> scratch = new PerThread<>(Object::new);
        Object mine = scratch.get();
        List<Object> others = new ArrayList<>();
        Thread other = Thread.ofPlatform().start(() -> {
            others.add(scratch.get());
            System.gc();
            others.add(scratch.get());
        });
        other.join();
        assertThat(others.getFirst()).isNotSameAs(mine).isSameAs(others.getLast());
        assertThat(scratch.get()).isSameAs(mine);
    }

    /** The calling thread lives on, and so do the fields of it. */
    @Test
    void theScratchMemoryEndsWithItsOwner() throws InterruptedException {
        WeakReference<Object> used = new WeakReference<>(new PerThread<>(Object::new).get());
        for (int i = 0; i < 100 && used.get() != null; i++) {
            System.gc();
            Thread.sleep(10);
        }
        assertThat(used.get()).isNull();
    }

    /** Calls of threads that are known are enough: a service may have all its threads for years. */
    @Test
    void theScratchMemoryEndsWithItsThread() throws InterruptedException {
        PerThread<Object> scratch = new PerThread<>(Object::new);
        Object mine = scratch.get();
        List<WeakReference<Object>> used = List.of(inThread(scratch), inThread(scratch));
        for (int i = 0; i < 100 && used.stream().anyMatch(one -> one.get() != null); i++) {
            System.gc();
            Thread.sleep(10);
            assertThat(scratch.get()).isSameAs(mine);
        }
        assertThat(used).allSatisfy(one -> assertThat(one.get()).isNull());
    }

    private static WeakReference<Object> inThread(PerThread<Object> scratch) throws InterruptedException {
        List<WeakReference<Object>> used = new ArrayList<>();
        Thread.ofPlatform()
                .start(() -> used.add(new WeakReference<>(scratch.get())))
                .join();
        return used.getFirst();
    }
}
