package io.qk256.app.commands;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import java.io.PrintWriter;

/** Writes JSON for programs: indented, with nulls, text as it is. */
final class Json {

    private static final Gson WRITER = new GsonBuilder()
            .setPrettyPrinting()
            .serializeNulls()
            .serializeSpecialFloatingPointValues()
            .disableHtmlEscaping()
            .create();

    private Json() {}

    static void print(JsonElement element, PrintWriter out) {
        out.println(WRITER.toJson(element));
        out.flush();
    }
}
