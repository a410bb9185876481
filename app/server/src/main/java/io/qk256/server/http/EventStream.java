package io.qk256.server.http;

import com.google.gson.JsonElement;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** An answer of server-sent events, each sent at once. Used by one thread. */
public final class EventStream implements AutoCloseable {

    private final OutputStream out;

    EventStream(OutputStream out) {
        this.out = out;
    }

    /**
     * Sends an event.
     *
     * @throws IOException if the client has left
     */
    public void send(JsonElement data) throws IOException {
        line(Json.text(data));
    }

    /** Sends the event by which the client knows that the answer is complete. */
    public void done() throws IOException {
        line("[DONE]");
    }

    /** Sends something that clients ignore, so that nobody takes the connection for dead. */
    public void comment() throws IOException {
        out.write(": waiting\n\n".getBytes(StandardCharsets.UTF_8));
        out.flush();
    }

    private void line(String data) throws IOException {
        out.write(("data: " + data + "\n\n").getBytes(StandardCharsets.UTF_8));
        out.flush();
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
