package io.qk256.llm.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import io.qk256.gguf.layout.WeightFile;
import io.qk256.spi.Kernel;
import io.qk256.testing.Fuzz;
import io.qk256.testing.Fuzz.Outcome;
import io.qk256.testing.Mutations;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Damaged models are refused with a reason, or give finite logits with any values. */
class ModelFuzzTest {

    private final Kernel kernel = Kernels.scalar();
    private final List<Mutations> models = List.of(
            new Mutations(Recorded.bytes("tiny-bitnet.gguf")), new Mutations(Recorded.bytes("tiny-bitnet-b1.58.gguf")));

    private final List<Mutations> families = Stream.of("llama-b-i2_s-freqs", "bitnet-d-head48", "qwen3-b-yarn", "embed")
            .map(name -> new Mutations(Recorded.bytes("/fixtures/families/" + name + ".gguf")))
            .toList();

    @Test
    void mutatedModelsAreRefusedOrRun() {
        Fuzz.run("of models", 2_000, random -> one(models, random));
    }

    @Test
    void mutatedModelsOfOtherFamiliesAreRefusedOrRun() {
        Fuzz.run("of models of other families", 600, random -> one(families, random));
    }

    /** This seed once found values between layers that are not finite. */
    @Test
    void valuesThatAreNotFiniteAreRefused() {
        assertThat(one(models, new SplittableRandom(20_267_489))).isEqualTo(Outcome.REFUSED);
    }

    private Outcome one(List<Mutations> from, SplittableRandom random) {
        byte[] mutated = from.get(random.nextInt(from.size())).next(random);
        HeadType head = List.of(HeadType.values()).get(random.nextInt(HeadType.values().length));
        return runs(mutated, head) ? Outcome.ACCEPTED : Outcome.REFUSED;
    }

    private boolean runs(byte[] bytes, HeadType head) {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment memory = arena.allocate(bytes.length, 64).copyFrom(MemorySegment.ofArray(bytes));
            try (GgufFile file = WeightFile.of(memory, "mutated");
                    Model model = Model.load(file, head, LoadListener.NONE);
                    Engine engine = model.engine(kernel, EngineOptions.withThreads(1));
                    Sequence sequence = engine.sequence()) {
                float[] logits = sequence.prompt(new int[] {1 % model.config().vocabulary()});
                assertThat(logits).hasSize(model.config().vocabulary());
                return true;
            }
        } catch (GgufException e) {
            assertThat(e.getMessage())
                    .startsWith("mutated")
                    .hasSizeLessThan(1000)
                    .doesNotContain("\n");
            return false;
        } catch (NotFiniteException e) {
            assertThat(e.getMessage()).contains("expected a finite number").hasSizeLessThan(1000);
            return false;
        }
    }
}
