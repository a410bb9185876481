package io.qk256.gguf.layout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ParallelTest {

    /** The tasks' memory is the caller's, who gives it back as soon as it hears of the failure. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void noThreadWorksOnWhenAnotherCannotBeStarted(int number) {
        List<Thread> started = new ArrayList<>();
        AtomicInteger underWay = new AtomicInteger();
        assertThatExceptionOfType(OutOfMemoryError.class)
                .isThrownBy(() -> Parallel.run(
                        1000,
                        4,
                        i -> {
                            underWay.incrementAndGet();
                            Thread.onSpinWait();
                            underWay.decrementAndGet();
                        },
                        thread -> {
                            if (started.size() == number) {
                                throw new OutOfMemoryError("unable to create native thread");
                            }
                            started.add(thread);
                            thread.start();
                        }));
        assertThat(started).hasSize(number).noneMatch(Thread::isAlive);
        assertThat(underWay).hasValue(0);
    }
}
