package io.qk256.server.api;

import com.google.gson.stream.JsonReader;
import io.qk256.server.http.ApiException;
import java.io.IOException;
import java.io.Reader;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;

/** Refuses an object that has a name twice: Gson would take the last value, others take the first. Not thread-safe. */
final class OnceReader extends JsonReader {

    /** Those of the objects that have begun, the innermost first. */
    private final Deque<Set<String>> names = new ArrayDeque<>();

    OnceReader(Reader in) {
        super(in);
    }

    @Override
    public void beginObject() throws IOException {
        super.beginObject();
        names.push(new HashSet<>());
    }

    @Override
    public void endObject() throws IOException {
        super.endObject();
        names.pop();
    }

    @Override
    public String nextName() throws IOException {
        String name = super.nextName();
        if (!names.element().add(name)) {
            throw ApiException.invalid(
                    Fields.shortened(getPath().replaceFirst("^\\$\\.?", "")),
                    "invalid_json",
                    "the name \"" + Fields.shortened(name) + "\" is twice in one object, expected once; leave one out");
        }
        return name;
    }
}
