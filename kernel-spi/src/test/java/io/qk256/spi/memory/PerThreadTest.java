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

    @Test
    void theScratchMemoryEndsWithItsThread() throws InterruptedException {
        PerThread<Object> scratch = new PerThread<>(Object::new);
        WeakReference<Object> used = inThread(scratch);
        for (int i = 0; i < 100 && used.get() != null; i++) {
            System.gc();
            inThread(scratch); // Forgets threads that have ended.
        }
        assertThat(used.get()).isNull();
    }

    private static WeakReference<Object> inThread(PerThread<Object> scratch) throws InterruptedException {
        List<WeakReference<Object>> used = new ArrayList<>();
        Thread.ofPlatform()
                .start(() -> used.add(new WeakReference<>(scratch.get())))
                .join();
        return used.getFirst();
    }
}
