package io.qk256.llm.serving;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.llm.LanguageModel;
import io.qk256.llm.generation.GenerationOptions.WhenFull;
import io.qk256.llm.generation.SamplingOptions;
import io.qk256.llm.generation.TokenConstraint;
import io.qk256.spi.Kernel;
import io.qk256.testing.Effort;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Whatever stands beside a request, what it gives is the same to the bit as alone: tokens, text, log probabilities and
 * how it ended.
 */
class SameBitsTest {

    private static final boolean ALL = Effort.isEverything();

    private static final List<String> BEGINNINGS = List.of(
            "Once upon a time",
            "There was once a king who had three sons, and the youngest was called Simpleton",
            "A wolf",
            "The fox said to the cat");

    /** A request, when it joins, and when it is cancelled, in rounds. */
    private record Guest(CompletionRequest request, int joins, int leaves) {}

    @ParameterizedTest
    @CsvSource({
        // kernel, threads, parallel, context, piece, requests
        "fastest, 2, 16, 256, 64, 24",
        "fastest, 1, 3, 128, 1, 8",
        "fastest, 2, 5, 600, 7, 12",
        "scalar, 1, 8, 40, 5, 9",
        "avx2-vector, 2, 4, 48, 16, 9",
    })
    void aRequestGivesTheSameAloneAndBesideOthers(
            String kernelName, int threads, int parallel, int context, int piece, int requests) throws IOException {
        Kernel kernel = kernelName.equals("fastest")
                ? Served.fastest()
                : Served.kernels().get(kernelName);
        if (kernel == null) {
            return; // Not usable on this machine.
        }
        long seed = Long.getLong("qk256.tests.seed", new SplittableRandom().nextLong());
        SplittableRandom random = new SplittableRandom(seed);
        try (LanguageModel model = Served.demo();
                Served served = new Served(model, kernel, Served.options(threads, parallel, context, piece))) {
            List<Guest> guests = new ArrayList<>();
            for (int i = 0; i < (ALL ? 20 * requests : requests); i++) {
                guests.add(guest(served, random));
            }
            List<Heard> heard = serve(served, guests);
            for (int i = 0; i < guests.size(); i++) {
                CompletionRequest request = guests.get(i).request();
                Heard.Result expected = Served.alone(model, Served.fastest(), context, again(request));
                Heard.Result seen = heard.get(i).result();
                if (seen.reason() == FinishReason.CANCELLED) {
                    assertThat(expected.text())
                            .as("seed %d, request %d", seed, i)
                            .startsWith(seen.text());
                    assertThat(expected.tokens().subList(0, seen.tokens().size()))
                            .as("seed %d, request %d", seed, i)
                            .isEqualTo(seen.tokens());
                } else {
                    assertThat(seen).as("seed %d, request %d", seed, i).isEqualTo(expected);
                }
            }
            if (requests >= 24) { // Among fewer there may be no two with a long beginning in common.
                assertThat(served.passes.status().reusedTokens())
                        .as("seed %d", seed)
                        .isPositive();
            }
        }
    }

    private static List<Heard> serve(Served served, List<Guest> guests) {
        List<Heard> heard = new ArrayList<>();
        List<Completion> completions = new ArrayList<>();
        for (Guest guest : guests) {
            for (int round = 0; round < guest.joins(); round++) {
                step(served, guests, completions);
            }
            heard.add(new Heard());
            completions.add(served.submit(guest.request(), heard.getLast()));
        }
        while (!served.passes.isIdle()) {
            step(served, guests, completions);
        }
        return heard;
    }

    private static void step(Served served, List<Guest> guests, List<Completion> completions) {
        for (int i = 0; i < completions.size(); i++) {
            if (completions.get(i).tokens() >= guests.get(i).leaves()) {
                completions.get(i).cancel();
            }
        }
        served.round();
    }

    private static Guest guest(Served served, SplittableRandom random) {
        int[] begin = served.encode(BEGINNINGS.get(random.nextInt(BEGINNINGS.size())));
        int room = Math.max(1, Math.min(served.engine.context(), 300) - 20);
        int more = random.nextInt(3) == 0 ? 0 : random.nextInt(room);
        int vocabulary = served.model.tokenizer().vocabularySize();
        int[] prompt = Arrays.copyOf(begin, Math.min(begin.length + more, served.engine.context()));
        for (int i = begin.length; i < prompt.length; i++) {
            prompt[i] = i % 2 == 0 ? 300 + i % 50 : random.nextInt(3, vocabulary);
        }
        CompletionRequest plain = CompletionRequest.of(prompt)
                .withMaxTokens(random.nextInt(30))
                .withSampling(sampling(random))
                .withStop(random.nextInt(3) == 0 ? List.of("e", " the", "zq") : List.of())
                .withLogprobs(random.nextInt(-1, 4))
                .withWhenFull(random.nextBoolean() ? WhenFull.STOP : WhenFull.FORGET_OLDEST)
                .withKey("client " + random.nextInt(3));
        CompletionRequest request = random.nextInt(4) == 0 ? plain.withConstraint(new Residues(vocabulary)) : plain;
        int leaves = random.nextInt(5) == 0 ? random.nextInt(5) : Integer.MAX_VALUE;
        return new Guest(request, random.nextInt(4), leaves);
    }

    private static SamplingOptions sampling(SplittableRandom random) {
        if (random.nextInt(4) == 0) {
            return SamplingOptions.greedy();
        }
        return new SamplingOptions(
                        0.5 + random.nextDouble(),
                        random.nextInt(3) * 10,
                        random.nextBoolean() ? 1 : 0.9,
                        random.nextBoolean() ? 0 : 0.05,
                        random.nextBoolean() ? 1 : 1.2,
                        64,
                        random.nextLong())
                .withPenalties(random.nextInt(2), random.nextInt(2) * 0.5)
                .withLogitBias(random.nextBoolean() ? Map.of() : Map.of(300, 2.0, 301, -100.0));
    }

    private static CompletionRequest again(CompletionRequest request) {
        return request.constraint()
                .map(constraint -> request.withConstraint(new Residues(((Residues) constraint).vocabulary)))
                .orElse(request);
    }

    /** Allows tokens whose remainder by 7 is not that of the token before, and an end after 9 tokens. */
    private static final class Residues implements TokenConstraint {

        final int vocabulary;
        private int last = -1;
        private int count;

        Residues(int vocabulary) {
            this.vocabulary = vocabulary;
        }

        @Override
        public BitSet allowed() {
            BitSet allowed = new BitSet(vocabulary);
            for (int token = 3; token < vocabulary; token++) {
                allowed.set(token, token % 7 != last % 7 && count < 20);
            }
            return allowed;
        }

        @Override
        public boolean mayEnd() {
            return count >= 9;
        }

        @Override
        public void accept(int token) {
            last = token;
            count++;
        }
    }
}
