package io.qk256.llm.text;

import com.google.gson.Gson;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** Recorded texts with their pieces and tokens; see PROVENANCE.md next to them. */
final class Vectors {

    private Vectors() {}

    /** llama.cpp's public cases. */
    static List<Tokens> published() {
        String[] texts = read("llama3-bpe.inp").split("\n__ggml_vocab_test__\n", -1);
        String[] lines = read("llama3-bpe.out").split("\n", -1);
        if (texts.length != lines.length) {
            throw new IllegalStateException(texts.length + " texts, " + lines.length + " lines of tokens");
        }
        List<Tokens> all = new ArrayList<>();
        for (int i = 0; i < texts.length; i++) {
            int[] ids = Arrays.stream(lines[i].strip().split(" "))
                    .filter(id -> !id.isEmpty())
                    .mapToInt(Integer::parseInt)
                    .toArray();
            all.add(new Tokens(texts[i], ids));
        }
        return all;
    }

    /** Cases missing from the public ones. */
    static List<Pieces> more() {
        return List.of(new Gson().fromJson(read("llama3-more.json"), Pieces[].class));
    }

    static Stream<String> texts() {
        return Stream.concat(
                published().stream().map(Tokens::text), more().stream().map(Pieces::text));
    }

    private static String read(String name) {
        try (InputStream in =
                Objects.requireNonNull(Vectors.class.getResourceAsStream("/fixtures/tokenizer/" + name), name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @SuppressWarnings("ArrayRecordComponent") // Only read, never compared.
    record Tokens(String text, int[] ids) {}

    @SuppressWarnings("ArrayRecordComponent")
    record Pieces(String text, List<String> pieces, int[] ids) {}
}
