package io.qk256.server.api;

import io.qk256.llm.grammar.JsonGrammar;
import io.qk256.llm.grammar.TokenTexts;
import io.qk256.llm.text.Tokenizer;
import io.qk256.server.http.ApiException;
import io.qk256.spi.support.UserError;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The grammars of a model; those of the last requests are kept, because clients send the same schema again. Thread-safe. */
final class Grammars {

    private static final int MOST_KEPT = 16;

    private final Tokenizer tokenizer;
    private @Nullable TokenTexts texts;
    private final Map<String, JsonGrammar> kept = new LinkedHashMap<>(MOST_KEPT, 0.75f, true);

    Grammars(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /**
     * The grammar of a description.
     *
     * @param field the field of the request that it is in
     * @param description tells it apart from others
     * @param make makes it
     * @throws ApiException if it is not supported
     */
    synchronized JsonGrammar of(String field, String description, Function<TokenTexts, JsonGrammar> make) {
        JsonGrammar known = kept.get(description);
        if (known != null) {
            return known;
        }
        try {
            if (texts == null) {
                texts = TokenTexts.of(tokenizer);
            }
            JsonGrammar made = make.apply(texts);
            if (kept.size() == MOST_KEPT) {
                kept.remove(kept.keySet().iterator().next());
            }
            kept.put(description, made);
            return made;
        } catch (UserError e) {
            throw ApiException.invalid(field, "invalid_value", field + ": " + e.getMessage());
        }
    }
}
