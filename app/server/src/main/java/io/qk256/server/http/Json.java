package io.qk256.server.http;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;

/** Writes JSON on one line, with nulls. */
public final class Json {

    private static final Gson WRITER =
            new GsonBuilder().serializeNulls().disableHtmlEscaping().create();

    private Json() {}

    /** The text of an element, without line breaks. */
    public static String text(JsonElement element) {
        return WRITER.toJson(element);
    }
}
