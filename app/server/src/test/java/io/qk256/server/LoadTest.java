package io.qk256.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.llm.serving.SchedulerStatus;
import io.qk256.server.http.Limits;
import io.qk256.testing.Fuzz;
import io.qk256.testing.HangGuard;
import io.qk256.testing.JvmCounts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Sixteen clients at once that ask, read streams, leave, and send rubbish, slow bodies and bodies of 100 MB. Each answer is the
 * one that its request gets alone, each request ends, and nothing is left behind. {@code -Dqk256.fuzz.seconds=3600} does it for an
 * hour.
 */
class LoadTest {

    private static final int CLIENTS = 16;
    private static final int QUESTIONS = 40;
    private static final int ACTIONS = 20;
    private static final int PARALLEL = 4;

    /** With 4 that are computed, less than the clients: some are refused. */
    private static final int QUEUE = 7;

    private static final int MOST_REQUESTS = 14;

    /** Whoever sends nothing for so long is refused; the verdicts hold for any time. */
    private static final Duration RECEIVE = Duration.ofMillis(600);

    /** A request that is not forgotten keeps its prompt, and what chooses its tokens: more than this. */
    private static final long HEAP_OF_ONE = 1024;

    /** Buffers and caches of Jetty and of the JVM come and go, and do not grow with the number of requests. */
    private static final long HEAP_OF_ALL = 2 << 20;

    /** A few of the JVM's own. If one request in a thousand left one open, an hour would show it. */
    private static final int FILES_OF_JVM = 16;

    /** Two pages of keys and values, of which the second one is not full. */
    static final int CONTEXT = 300;

    /** What one round of all clients leaves in this JVM when nobody is connected any more. */
    private record Left(long heap, List<String> files) {}

    @Test
    void sixteenClients() throws Exception {
        long seed = Fuzz.firstSeed();
        long start = System.nanoTime();
        Questions questions = Questions.random(new SplittableRandom(seed), QUESTIONS);
        Tally tally = new Tally();
        try (TestServer server = TestServer.start(
                ServerOptions.usual(),
                new Limits(1 << 20, 8 << 10, MOST_REQUESTS, 100, Duration.ofMinutes(5), RECEIVE),
                options -> options.withParallel(PARALLEL).withContext(CONTEXT).withQueue(QUEUE))) {
            int rounds = 0;
            long grown = 0;
            round(server, questions, seed, tally); // From here on, what stays the same is there.
            Left first = left(server);
            long least = first.heap;
            long requestsBefore = tally.requests();
            while (rounds == 0 || System.nanoTime() - start < Fuzz.time().toNanos()) {
                rounds++;
                round(server, questions, seed + rounds, tally);
                Left now = left(server);
                String label = "seed " + seed + ", round " + rounds + ", " + tally;
                least = Math.min(least, now.heap);
                grown = now.heap - least;
                assertThat(grown)
                        .as("%s: bytes of the heap", label)
                        .isLessThan(HEAP_OF_ALL + (tally.requests() - requestsBefore) * HEAP_OF_ONE);
                assertThat(now.files)
                        .as("%s: open files, first %s", label, first.files)
                        .hasSizeLessThanOrEqualTo(first.files.size() + FILES_OF_JVM);
                assertThat(server.log).as(label).isEmpty();
            }
            assertThat(server.scheduler.status().failed()).as("seed %d", seed).isZero();
            System.out.printf(
                    "load: %d clients, %d rounds from seed %d, heap %+d bytes, %s%n",
                    CLIENTS, rounds + 1, seed, grown, tally);
            tally.requireAll();
        }
        assertThat(JvmCounts.threads()).as("threads").isEmpty();
    }

    private static void round(TestServer server, Questions questions, long seed, Tally tally) throws Exception {
        List<Future<?>> clients = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(CLIENTS)) {
            SplittableRandom seeds = new SplittableRandom(seed);
            for (int i = 0; i < CLIENTS; i++) {
                SplittableRandom random = seeds.split();
                clients.add(threads.submit(() -> {
                    try (LoadClient client = new LoadClient(server, questions, random, tally)) {
                        for (int action = 0; action < ACTIONS; action++) {
                            client.act();
                        }
                        return client;
                    } catch (Throwable e) {
                        throw new AssertionError("a client of the round from seed " + seed, e);
                    }
                }));
            }
            for (Future<?> client : clients) {
                HangGuard.ends(client::get);
            }
        }
    }

    /** Waits until the server has nothing to do, and looks at what there is. */
    private static Left left(TestServer server) {
        await("every request has ended", () -> {
            SchedulerStatus status = server.scheduler.status();
            return server.server.inProgress() == 0 && status.running() + status.waiting() == 0;
        });
        await(
                "virtual threads have ended",
                () -> JvmCounts.virtualThreads().stream().noneMatch(name -> name.startsWith("qk256-")));
        requireAllPages(server);
        await("connections are closed", () -> server.server.connections() == 0);
        return new Left(JvmCounts.heapBytes(), JvmCounts.files());
    }

    /**
     * Texts that fill the context take the place of all that is kept for reuse; then keys and values are those of these texts, and
     * no page of a request that has ended.
     */
    private static void requireAllPages(TestServer server) {
        for (int text = 0; text < PARALLEL; text++) {
            int first = 300 + text;
            String prompt = IntStream.range(0, CONTEXT - 1)
                    .mapToObj(i -> String.valueOf(first + i % 7))
                    .collect(Collectors.joining(","));
            String body = "{\"prompt\":[" + prompt + "],\"max_tokens\":1}";
            assertThat(LoadClient.post(server.port(), "/v1/completions", body).status())
                    .isEqualTo(200);
        }
        await("the last one has ended", () -> server.scheduler.status().running() == 0);
        SchedulerStatus status = server.scheduler.status();
        assertThat(status.cacheBytes())
                .as("bytes of keys and values of %d texts", status.prefixes())
                .isEqualTo(status.prefixes() * status.cacheBound() / PARALLEL);
        assertThat(status.prefixes()).isEqualTo(PARALLEL);
    }

    private static void await(String what, BooleanSupplier happens) {
        HangGuard.ends(() -> {
            while (!happens.getAsBoolean()) {
                LockSupport.parkNanos(1_000_000);
            }
            return what;
        });
    }
}
