package io.qk256.server.api;

import io.qk256.llm.serving.CompletionEnd;
import io.qk256.llm.serving.CompletionListener;
import io.qk256.llm.serving.CompletionRequest;
import io.qk256.llm.serving.FinishReason;
import io.qk256.llm.serving.Handle;
import io.qk256.llm.serving.QueueFullException;
import io.qk256.llm.serving.TextPiece;
import io.qk256.server.http.ApiException;
import io.qk256.server.http.Departure;
import io.qk256.server.http.Exchange;
import io.qk256.spi.support.UserError;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The completions of one HTTP request, and what they give, in the order in which it comes. All of them are cancelled when the
 * client leaves, and when this is closed. Used by one thread.
 */
final class Choices implements AutoCloseable {

    /** A client that reads slowly makes its own completion wait, not the server's memory grow. */
    private static final int MOST_WAITING = 64;

    private static final long RETRY_CLOSED_MILLIS = 100;

    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>(MOST_WAITING);
    private final List<Handle> handles = new ArrayList<>();
    private final Duration timeout;
    private final Exchange exchange;
    private final @Nullable Departure departure;
    private volatile boolean closed;

    /** What a completion gives. */
    sealed interface Event {

        /** The number of the completion, from 0. */
        int choice();

        /** A piece of its text. */
        record Piece(int choice, TextPiece piece) implements Event {}

        /** Its end. */
        record End(int choice, CompletionEnd end) implements Event {}

        /** Its failure. */
        record Failed(int choice, Throwable cause) implements Event {}
    }

    /**
     * Submits completions.
     *
     * @throws ApiException if they are refused
     */
    Choices(Backend.Completions completions, List<CompletionRequest> requests, Exchange exchange) {
        this.exchange = exchange;
        timeout = requests.getFirst().timeout();
        try {
            for (int i = 0; i < requests.size(); i++) {
                handles.add(completions.submit(requests.get(i), new Listener(i)));
            }
        } catch (QueueFullException e) {
            cancel();
            throw ApiException.tooMany((int) e.retryAfter().toSeconds(), String.valueOf(e.getMessage()));
        } catch (UserError e) {
            cancel();
            throw ApiException.invalid(null, "invalid_value", e.getMessage());
        } catch (IllegalStateException e) {
            cancel();
            throw ApiException.unavailable("stopping", 1, "the server is stopping; try again later");
        }
        departure = exchange.watch(this::cancel);
    }

    /** Passes on what a completion gives. Blocks, so that a completion is not computed far ahead of its reader. */
    private final class Listener implements CompletionListener {

        private final int choice;

        Listener(int choice) {
            this.choice = choice;
        }

        @Override
        public void text(TextPiece piece) {
            put(new Event.Piece(choice, piece));
        }

        @Override
        public void finished(CompletionEnd end) {
            put(new Event.End(choice, end));
        }

        @Override
        public void failed(Throwable cause) {
            put(new Event.Failed(choice, cause));
        }

        private void put(Event event) {
            try {
                while (!closed && !events.offer(event, RETRY_CLOSED_MILLIS, TimeUnit.MILLISECONDS)) {
                    // The reader is slow, or has left in the meantime.
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * Waits for the next event.
     *
     * @param patience how long
     * @return null if there was none
     * @throws ApiException if a completion cannot be given or took too long, or the server stops
     * @throws IOException if the client has left
     */
    @Nullable
    Event next(Duration patience) throws IOException {
        Event event;
        try {
            event = events.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("the server stops", e);
        }
        if (event instanceof Event.Failed failed) {
            // Whether a schema allows too many forms is only known on the way.
            if (failed.cause() instanceof UserError e) {
                throw ApiException.invalid(null, "invalid_value", e.getMessage());
            }
            throw new IllegalStateException("a completion failed", failed.cause());
        }
        if (event instanceof Event.End end) {
            requireAnswer(end.end().reason());
        }
        return event;
    }

    private void requireAnswer(FinishReason reason) throws IOException {
        switch (reason) {
            case CANCELLED -> throw exchange.cancelled();
            case NOT_READ -> throw new IOException("the client has left");
            case TIMEOUT ->
                throw ApiException.late("the answer was not complete after " + timeout.toSeconds()
                        + " s, the limit of the server (--timeout); ask for fewer tokens");
            default -> {}
        }
    }

    private void cancel() {
        handles.forEach(Handle::cancel);
    }

    @Override
    public void close() {
        closed = true;
        if (departure != null) {
            departure.close();
        }
        cancel();
    }
}
