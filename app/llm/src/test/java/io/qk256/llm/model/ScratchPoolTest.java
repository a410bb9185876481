package io.qk256.llm.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ScratchPoolTest {

    private final AtomicInteger made = new AtomicInteger();
    private final ScratchPool<Integer> pool = new ScratchPool<>(made::incrementAndGet);

    @Test
    void asManyAreMadeAsAreInUseAtOnce() {
        int first = pool.take();
        int second = pool.take();
        assertThat(second).isNotEqualTo(first);
        pool.giveBack(first);
        assertThat(pool.take()).isEqualTo(first);
        pool.giveBack(first);
        pool.giveBack(second);
        pool.take();
        pool.take();
        assertThat(made).hasValue(2);
    }
}
