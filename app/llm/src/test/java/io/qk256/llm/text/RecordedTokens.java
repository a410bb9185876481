package io.qk256.llm.text;

import com.google.gson.Gson;
import com.google.gson.annotations.SerializedName;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A text with the tokens that Hugging Face's library gives; see README.md next to the files.
 *
 * @param ids without a begin of text; special tokens in the text become their tokens
 * @param decoded the text of the tokens, special ones included
 * @param withBegin with a begin of text, for some texts
 * @param plain special tokens in the text are text; null if that changes nothing
 * @param withoutNfc the text is taken as it is; null if that changes nothing
 */
@SuppressWarnings("ArrayRecordComponent") // Only read, never compared.
record RecordedTokens(
        int id,
        String kind,
        String text,
        int[] ids,
        String decoded,
        @SerializedName("ids_add_special") int @Nullable [] withBegin,
        @SerializedName("ids_plain") int @Nullable [] plain,
        @SerializedName("ids_no_nfc") int @Nullable [] withoutNfc) {

    /** All texts of a family. */
    static List<RecordedTokens> of(TokenizerFamily family) {
        String name = "tokens/" + family.name().toLowerCase(Locale.ROOT) + ".jsonl";
        Gson gson = new Gson();
        try (BufferedReader in = new BufferedReader(new InputStreamReader(
                Objects.requireNonNull(RecordedTokens.class.getResourceAsStream(name), name),
                StandardCharsets.UTF_8))) {
            return in.lines()
                    .map(line -> gson.fromJson(line, RecordedTokens.class))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Shown by assertions. */
    @Override
    public String toString() {
        return id + " " + kind + ": " + text;
    }
}
