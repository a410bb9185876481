package io.qk256.tck;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;

class LeakSearchTest {

    /** What a leak loses in a round. In a series that is far more than the JVM gives back of its own, at any time. */
    private static final int LOST = 16 << 10;

    /** More than a leak loses in the first series. */
    private static final int MUCH = 12 << 20;

    private final List<byte[]> kept = new ArrayList<>();

    @Test
    void findsWhatIsKeptInEachRound() {
        assertThat(search(round -> kept.add(new byte[LOST])))
                .hasValueSatisfying(leak -> assertThat(leak)
                        .startsWith("seen more and more bytes of the heap: ")
                        .contains(" rounds, then "));
    }

    /** The JVM does this: it would hide the leak of one series. */
    @Test
    void findsItThoughMuchIsGivenBackMeanwhile() {
        for (int moment : List.of(100, 500)) {
            kept.clear();
            byte[][] others = {new byte[MUCH]};
            assertThat(search(round -> {
                        kept.add(new byte[LOST]);
                        if (round == moment) {
                            others[0] = new byte[0];
                        }
                    }))
                    .as("given back in round %d", moment)
                    .isPresent();
        }
    }

    @Test
    void whatIsMadeOnceOrThrownAwayIsNoLeak() {
        assertThat(search(round -> {
                    kept.add(new byte[4096]);
                    if (kept.size() > 1000) {
                        kept.clear();
                    }
                    if (round == 100) {
                        kept.add(new byte[MUCH]);
                    }
                }))
                .isEmpty();
    }

    private static Optional<String> search(IntConsumer round) {
        int[] rounds = new int[1];
        IntConsumer work = count -> {
            for (int i = 0; i < count; i++) {
                round.accept(rounds[0]++);
            }
        };
        return ScopedValue.where(LeakSearch.OTHER_SETTLING_ROUNDS, 2)
                .call(() -> new LeakSearch(EnumSet.of(Resource.HEAP), work, 300, 1024).find());
    }
}
