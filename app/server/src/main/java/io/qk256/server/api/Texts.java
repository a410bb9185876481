package io.qk256.server.api;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonPrimitive;
import io.qk256.server.http.ApiException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Reads texts that are strings or arrays of tokens, one or several. */
final class Texts {

    private final Function<String, int[]> encode;
    private final int vocabulary;

    /**
     * Creates a reader.
     *
     * @param encode how a text becomes tokens
     * @param vocabulary the number of tokens of the model
     */
    Texts(Function<String, int[]> encode, int vocabulary) {
        this.encode = encode;
        this.vocabulary = vocabulary;
    }

    /**
     * Reads texts: each has a token or more.
     *
     * @param most the most texts
     */
    List<int[]> read(JsonElement given, String where, int most) {
        if (!(given instanceof JsonArray array)) {
            return List.of(text(given, where));
        }
        if (!array.isEmpty() && isNumber(array.get(0))) {
            return List.of(tokens(array, where));
        }
        if (array.isEmpty() || array.size() > most) {
            throw ApiException.invalid(
                    where, "invalid_value", where + " has " + array.size() + " elements, expected 1 to " + most);
        }
        List<int[]> all = new ArrayList<>();
        for (int i = 0; i < array.size(); i++) {
            String at = where + "[" + i + "]";
            JsonElement element = array.get(i);
            all.add(element instanceof JsonArray tokens ? tokens(tokens, at) : text(element, at));
        }
        return all;
    }

    private static boolean isNumber(JsonElement element) {
        return element instanceof JsonPrimitive primitive && primitive.isNumber();
    }

    private int[] text(JsonElement element, String where) {
        return requireSome(encode.apply(Fields.text(element, where)), where);
    }

    /** Reads an array of tokens. */
    int[] tokens(JsonArray array, String where) {
        int[] tokens = new int[array.size()];
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = (int) Fields.whole(array.get(i), where + "[" + i + "]", 0, vocabulary - 1);
        }
        return requireSome(tokens, where);
    }

    private static int[] requireSome(int[] tokens, String where) {
        if (tokens.length == 0) {
            throw ApiException.invalid(where, "invalid_value", where + " has no tokens, expected some text");
        }
        return tokens;
    }
}
