package io.qk256.llm.serving;

import io.qk256.llm.text.StreamDecoder;
import io.qk256.llm.text.Tokenizer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Turns the tokens of a completion into pieces of text, and finds stop strings, in whatever tokens they are written.
 * Text that may become a stop string is held back. Where several stop strings appear, the one that ends first counts,
 * so it does not matter how the text is split into tokens. For one thread at a time.
 */
final class PieceWriter {

    private final StreamDecoder decoder;
    private final List<String> stops;
    private final StringBuilder held = new StringBuilder();

    /** Those that have not been emitted. */
    private final ArrayDeque<ChosenToken> tokens = new ArrayDeque<>();

    /** The number of characters before {@link #held}, in code points. */
    private long emitted;

    private @Nullable String found;

    PieceWriter(Tokenizer tokenizer, List<String> stops) {
        this.decoder = new StreamDecoder(tokenizer);
        this.stops = stops;
    }

    /** Adds a token; returns what can be emitted, or null. Ask {@link #found} afterwards. */
    @Nullable
    TextPiece accept(ChosenToken token) {
        String text = decoder.accept(token.token());
        tokens.add(token.at(emitted + held.codePoints().count() + decoder.begin()));
        return add(text);
    }

    /** The stop string that ended the text. */
    @Nullable
    String found() {
        return found;
    }

    /** Ends the text; returns what was held back, or null. */
    @Nullable
    TextPiece finish() {
        if (found != null) {
            return null;
        }
        TextPiece piece = add(decoder.finish());
        if (found != null) {
            return piece;
        }
        String text = piece == null ? "" : piece.text();
        List<ChosenToken> all = new ArrayList<>(piece == null ? List.of() : piece.tokens());
        all.addAll(tokens);
        tokens.clear();
        return all.isEmpty() && held.isEmpty() && text.isEmpty() ? null : new TextPiece(text + held, all);
    }

    private @Nullable TextPiece add(String text) {
        held.append(text);
        int end = Integer.MAX_VALUE;
        int cut = held.length();
        for (String stop : stops) {
            int at = held.indexOf(stop);
            if (at >= 0 && (at + stop.length() < end || (at + stop.length() == end && at < cut))) {
                end = at + stop.length();
                cut = at;
                found = stop;
            }
        }
        return emit(found == null ? held.length() - undecided() : cut);
    }

    /** The length of the longest end of the text that begins a stop string. */
    private int undecided() {
        int longest = 0;
        for (String stop : stops) {
            for (int n = Math.min(stop.length() - 1, held.length()); n > longest; n--) {
                if (held.indexOf(stop.substring(0, n), held.length() - n) >= 0) {
                    longest = n;
                }
            }
        }
        return longest;
    }

    private @Nullable TextPiece emit(int count) {
        if (count == 0) {
            return null;
        }
        String text = held.substring(0, count);
        held.delete(0, count);
        emitted += text.codePoints().count();
        List<ChosenToken> begun = new ArrayList<>();
        while (!tokens.isEmpty() && tokens.getFirst().begin() < emitted) {
            begun.add(tokens.removeFirst());
        }
        return new TextPiece(text, begun);
    }
}
