package io.qk256.llm.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Compares merging with the literal definition: find the best pair, merge it, start again. */
class BytePairMergerTest {

    private static final int LETTERS = 3;

    @Test
    void mergesAsTheDefinitionDoes() {
        Random random = new Random(2);
        for (int round = 0; round < 300; round++) {
            byte[][] words = randomWords(random);
            Vocabulary vocabulary = vocabulary(words);
            MergeTable merges = randomMerges(vocabulary, random);
            for (int i = 0; i < 20; i++) {
                byte[] piece = letters(random, random.nextInt(40));
                assertThat(merge(vocabulary, merges, piece))
                        .as("round %d, piece %s", round, Arrays.toString(piece))
                        .isEqualTo(byDefinition(vocabulary, merges, piece));
            }
        }
    }

    @Test
    void givesTheLeftmostOfEqualPairsPrecedence() {
        byte[][] words = words("a", "aa");
        Vocabulary vocabulary = vocabulary(words);
        MergeTable merges = MergeTable.byId(vocabulary);

        int[] tokens = merge(vocabulary, merges, "aaaaa".getBytes(StandardCharsets.UTF_8));

        int a = vocabulary.findPlain(new byte[] {'a'}, 0, 1);
        int aa = vocabulary.findPlain(new byte[] {'a', 'a'}, 0, 2);
        assertThat(tokens).containsExactly(aa, aa, a);
    }

    private static int[] merge(Vocabulary vocabulary, MergeTable merges, byte[] piece) {
        int[] byteTokens = IntStream.range(0, 256)
                .map(b -> vocabulary.findPlain(new byte[] {(byte) b}, 0, 1))
                .toArray();
        TokenList out = new TokenList();
        new BytePairMerger(byteTokens, merges).encode(piece, piece.length, out);
        return out.toArray();
    }

    private static int[] byDefinition(Vocabulary vocabulary, MergeTable merges, byte[] piece) {
        List<Integer> tokens = new ArrayList<>();
        for (int i = 0; i < piece.length; i++) {
            tokens.add(vocabulary.findPlain(piece, i, i + 1));
        }
        while (true) {
            int best = -1;
            long bestRank = Long.MAX_VALUE;
            for (int i = 0; i + 1 < tokens.size(); i++) {
                long merge = merges.find(tokens.get(i), tokens.get(i + 1));
                if (merge != MergeTable.NONE && merge >>> 32 < bestRank) {
                    best = i;
                    bestRank = merge >>> 32;
                }
            }
            if (best < 0) {
                return tokens.stream().mapToInt(t -> t).toArray();
            }
            long merge = merges.find(tokens.get(best), tokens.get(best + 1));
            tokens.set(best, MergeTable.result(merge));
            tokens.remove(/* index */ best + 1);
        }
    }

    /** All single letters, and random words over them. */
    private static byte[][] randomWords(Random random) {
        List<String> words = new ArrayList<>(List.of("a", "b", "c"));
        for (int i = 0; i < 30; i++) {
            String word = new String(letters(random, 2 + random.nextInt(5)), StandardCharsets.US_ASCII);
            if (!words.contains(word)) {
                words.add(word);
            }
        }
        return words(words.toArray(String[]::new));
    }

    private static byte[][] words(String... words) {
        return Arrays.stream(words).map(w -> w.getBytes(StandardCharsets.UTF_8)).toArray(byte[][]::new);
    }

    private static Vocabulary vocabulary(byte[][] words) {
        TokenType[] types = new TokenType[words.length];
        Arrays.fill(types, TokenType.NORMAL);
        return new Vocabulary(words, types);
    }

    /** Every way to make a token from two others, in random order. */
    private static MergeTable randomMerges(Vocabulary vocabulary, Random random) {
        List<int[]> merges = new ArrayList<>();
        for (int id = 0; id < vocabulary.size(); id++) {
            byte[] word = vocabulary.bytes(id);
            for (int i = 1; i < word.length; i++) {
                int left = vocabulary.findPlain(word, 0, i);
                int right = vocabulary.findPlain(word, i, word.length);
                if (left != Vocabulary.NONE && right != Vocabulary.NONE) {
                    merges.add(new int[] {left, right, id});
                }
            }
        }
        Collections.shuffle(merges, random);
        MergeTable table = new MergeTable(1);
        for (int rank = 0; rank < merges.size(); rank++) {
            int[] merge = merges.get(rank);
            assertThat(table.add(merge[0], merge[1], rank, merge[2])).isTrue();
        }
        return table;
    }

    private static byte[] letters(Random random, int length) {
        byte[] letters = new byte[length];
        for (int i = 0; i < length; i++) {
            letters[i] = (byte) ('a' + random.nextInt(LETTERS));
        }
        return letters;
    }
}
