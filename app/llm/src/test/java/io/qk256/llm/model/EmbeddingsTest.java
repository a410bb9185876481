package io.qk256.llm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.qk256.gguf.GgufException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Vectors of a small embedding model, compared with a reference in f64 and with each other. */
class EmbeddingsTest {

    private static final int[] TEXT = {75, 117, 70, 262, 47, 241, 214, 269};
    private static final int WIDTH = 128;

    private Model model;

    @BeforeEach
    void load() throws GgufException {
        model = Model.load(Recorded.file("/fixtures/families/embed.gguf"), HeadType.STORED, LoadListener.NONE);
    }

    @AfterEach
    void close() {
        model.close();
    }

    private Engine engine(int threads, int batch, CacheType cache) {
        return model.engine(Kernels.fastest(), new EngineOptions(threads, 0, batch, cache));
    }

    @Test
    void vectorsAreThoseOfTheReference() {
        assertThat(model.config().pooling()).isEqualTo(Pooling.MEAN);
        try (Engine engine = engine(1, 8, CacheType.F32)) {
            close(Pooling.MEAN, engine.embed(List.of(TEXT), Pooling.MEAN)[0]);
            close(Pooling.LAST, engine.embed(List.of(TEXT), Pooling.LAST)[0]);
        }
    }

    private static void close(Pooling pooling, float[] seen) {
        String name = pooling.name().toLowerCase(Locale.ROOT);
        float[] expected = Recorded.floats("/fixtures/families/embed." + name + ".token_int8.f32");
        for (int i = 0; i < WIDTH; i++) {
            assertThat((double) Math.abs(seen[i] - expected[i]))
                    .as("%s, value %d", pooling, i)
                    .isLessThanOrEqualTo(2e-5);
        }
    }

    /** Nothing rounded in the reference, activations and the cache rounded here. */
    @Test
    void directionsAreThoseOfTheExactVectors() {
        try (Engine engine = engine(1, 64, CacheType.F16)) {
            for (Pooling pooling : List.of(Pooling.MEAN, Pooling.LAST)) {
                String name = pooling.name().toLowerCase(Locale.ROOT);
                float[] exact = Recorded.floats("/fixtures/families/embed." + name + ".exact.f32");
                float[] rounded = Recorded.floats("/fixtures/families/embed." + name + ".token_int8.f32");
                float[] seen = engine.embed(List.of(TEXT), pooling)[0];
                assertThat(cosine(seen, rounded)).as(name).isGreaterThan(1 - 1e-4);
                assertThat(cosine(seen, exact)).as(name).isGreaterThan(cosine(rounded, exact) - 1e-4);
            }
        }
    }

    private static double cosine(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (double) a[i] * b[i];
        }
        return sum;
    }

    @Test
    void vectorsDoNotDependOnPieces() {
        SplittableRandom random = new SplittableRandom(12);
        List<int[]> texts = new ArrayList<>();
        for (int length : new int[] {3, 40, 1, 17, 100, 2}) {
            texts.add(random.ints(length, 0, 272).toArray());
        }
        try (Engine engine = engine(1, 16, CacheType.F16)) {
            for (Pooling pooling : List.of(Pooling.MEAN, Pooling.FIRST, Pooling.LAST)) {
                float[][] expected = engine.embed(texts, pooling);
                try (Embeddings pieces = engine.embeddings(texts, pooling);
                        Sequence sequence = engine.sequence()) {
                    assertThatIllegalStateException().isThrownBy(pieces::vectors);
                    while (!pieces.isDone()) {
                        int tokens = pieces.advance(1 + random.nextInt(7), 0);
                        assertThat(tokens).isBetween(1, 7);
                        sequence.decode(5); // The engine is free in between.
                    }
                    assertThat(pieces.vectors()).as("%s", pooling).isEqualTo(expected);
                }
                try (Embeddings given = engine.embeddings(texts, pooling)) {
                    given.advance(5, Long.MAX_VALUE);
                }
                assertThat(engine.cacheBytes()).isZero();
            }
        }
    }

    @Test
    void closingHasNoOrder() {
        Engine engine = engine(1, 4, CacheType.F16);
        Embeddings given = engine.embeddings(List.of(TEXT), Pooling.MEAN);
        given.advance(4, Long.MAX_VALUE);
        given.close();
        given.close();
        assertThat(given.isDone()).isFalse();
        assertThatIllegalStateException().isThrownBy(given::vectors);
        Embeddings late = engine.embeddings(List.of(TEXT), Pooling.MEAN);
        late.advance(4, Long.MAX_VALUE);
        engine.close();
        late.close();
        late.close();
        assertThat(late.isDone()).isFalse();
    }

    /** Texts that fill a pass, share it, or need several; a sequence of the same engine is not disturbed. */
    @Test
    void vectorsDoNotDependOnBatchesAndThreads() {
        SplittableRandom random = new SplittableRandom(11);
        List<int[]> texts = new ArrayList<>();
        for (int length : new int[] {1, 7, 3, 16, 17, 40, 2, 2, 100}) {
            texts.add(random.ints(length, 0, 272).toArray());
        }
        for (Pooling pooling : List.of(Pooling.MEAN, Pooling.FIRST, Pooling.LAST)) {
            float[][] expected = new float[texts.size()][];
            try (Engine engine = engine(1, 128, CacheType.F16)) {
                for (int i = 0; i < expected.length; i++) {
                    expected[i] = engine.embed(List.of(texts.get(i)), pooling)[0];
                }
            }
            for (int batch : new int[] {1, 7, 16, 300}) {
                try (Engine engine = engine(2, batch, CacheType.F16);
                        Sequence sequence = engine.sequence()) {
                    float[] logits = sequence.prompt(TEXT).clone();
                    assertThat(engine.embed(texts, pooling))
                            .as("%s, %d", pooling, batch)
                            .isEqualTo(expected);
                    long one = engine.cacheBytes();
                    sequence.rewind(7);
                    assertThat(sequence.decode(TEXT[7])).isEqualTo(logits);
                    assertThat(engine.cacheBytes())
                            .as("pages of texts were returned")
                            .isEqualTo(one);
                }
            }
        }
    }

    @Test
    void firstIsTheLastOfTheFirstTokenAlone() {
        try (Engine engine = engine(1, 8, CacheType.F16)) {
            float[] alone = engine.embed(List.of(Arrays.copyOf(TEXT, 1)), Pooling.LAST)[0];
            assertThat(engine.embed(List.of(TEXT), Pooling.FIRST)[0]).isEqualTo(alone);
        }
    }

    @Test
    void vectorsHaveLengthOne() {
        try (Engine engine = engine(1, 8, CacheType.F16)) {
            for (float[] vector : engine.embed(List.of(TEXT, new int[] {5}), Pooling.MEAN)) {
                assertThat(cosine(vector, vector)).isBetween(1 - 1e-6, 1 + 1e-6);
            }
        }
    }

    @Test
    void whatCannotBeEmbeddedIsRefused() {
        try (Engine engine = model.engine(Kernels.scalar(), new EngineOptions(1, 16, 8, CacheType.F16))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> engine.embed(List.of(TEXT), Pooling.NONE))
                    .withMessage("pooling: NONE, expected MEAN, FIRST or LAST");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> engine.embed(List.of(TEXT, new int[17]), Pooling.MEAN))
                    .withMessageContaining("text: 17 tokens, expected at most 16");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> engine.embed(List.of(new int[0]), Pooling.MEAN))
                    .withMessage("tokens: none, expected one or more");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> engine.embed(List.of(new int[] {272}), Pooling.MEAN))
                    .withMessageContaining("token: 272, expected 0 to 271");
            assertThat(engine.embed(List.of(), Pooling.MEAN)).isEmpty();
        }
    }
}
