package io.qk256.server.api;

import com.google.gson.JsonObject;
import io.qk256.llm.serving.ChosenToken;
import io.qk256.llm.serving.CompletionEnd;
import io.qk256.llm.serving.CompletionRequest;
import io.qk256.llm.serving.TextPiece;
import io.qk256.server.http.ApiException;
import io.qk256.server.http.EventStream;
import io.qk256.server.http.Exchange;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Computes completions and sends them, whole or as a stream; the two kinds of completions differ in their form only. */
final class Answering {

    /** While nothing can be sent, a comment now and then keeps the connection from being taken for dead. */
    private static final Duration SILENCE = Duration.ofSeconds(10);

    private final Exchange exchange;
    private final Backend backend;

    Answering(Exchange exchange, Backend backend) {
        this.exchange = exchange;
        this.backend = backend;
    }

    /** The form of an answer. */
    interface Form {

        /** What begins a stream of a choice; empty if nothing does. */
        List<JsonObject> begin(int choice);

        /** A piece of a choice, as a part of a stream. */
        List<JsonObject> piece(int choice, TextPiece piece);

        /** The end of a choice, as a part of a stream. */
        List<JsonObject> end(int choice, CompletionEnd end);

        /** What all parts of a stream are in: the objects of {@code choices}, or none for the usage. */
        JsonObject part(List<JsonObject> choices);

        /** A whole answer. */
        JsonObject whole(List<Collected> choices);
    }

    /** A choice that is complete. */
    record Collected(List<TextPiece> pieces, CompletionEnd end) {

        String text() {
            StringBuilder text = new StringBuilder();
            pieces.forEach(piece -> text.append(piece.text()));
            return text.toString();
        }

        List<ChosenToken> tokens() {
            return pieces.stream().flatMap(piece -> piece.tokens().stream()).toList();
        }
    }

    /**
     * Computes and sends.
     *
     * @param requests one for each choice
     * @param answer how to answer
     * @param extra what the server tells beside the protocol
     */
    void answer(List<CompletionRequest> requests, AnswerFields answer, Form form, JsonObject extra) throws IOException {
        long most = backend.scheduler().capacity();
        if (requests.size() > most) { // Later, it would be refused as well.
            String field = answer.choices() > 1 ? "n" : "prompt";
            throw ApiException.invalid(
                    field,
                    "invalid_value",
                    field + " asks for " + requests.size() + " answers, expected at most " + most
                            + ", which this server takes at once (--parallel and --queue)");
        }
        Usages usages = new Usages(answer.choices());
        try (Choices choices = new Choices(backend.completions(), requests, exchange)) {
            if (answer.stream()) {
                stream(choices, requests.size(), answer, form, extra, usages);
            } else {
                collect(choices, requests.size(), answer, form, extra, usages);
            }
        }
    }

    private void collect(Choices choices, int count, AnswerFields answer, Form form, JsonObject extra, Usages usages)
            throws IOException {
        List<List<TextPiece>> pieces = new ArrayList<>();
        List<@Nullable Collected> collected = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            pieces.add(new ArrayList<>());
            collected.add(null);
        }
        int open = count;
        while (open > 0) {
            Choices.Event event = choices.next(SILENCE);
            if (event instanceof Choices.Event.Piece piece) {
                pieces.get(piece.choice()).add(piece.piece());
            } else if (event instanceof Choices.Event.End end) {
                usages.add(end.choice(), end.end().usage());
                collected.set(end.choice(), new Collected(pieces.get(end.choice()), end.end()));
                open--;
            }
        }
        JsonObject whole = form.whole(complete(collected));
        whole.add("usage", usages.json());
        tell(whole, answer, extra, usages);
        choices.close();
        exchange.json(200, whole);
    }

    private static List<Collected> complete(List<@Nullable Collected> collected) {
        List<Collected> complete = new ArrayList<>();
        for (Collected one : collected) {
            if (one != null) {
                complete.add(one);
            }
        }
        return complete;
    }

    private void stream(Choices choices, int count, AnswerFields answer, Form form, JsonObject extra, Usages usages)
            throws IOException {
        Choices.Event event = choices.next(SILENCE); // Until then, an error has a status of its own.
        try (EventStream events = exchange.events()) {
            try {
                for (int choice = 0; choice < count; choice++) {
                    send(form.begin(choice), form, events);
                }
                int open = count;
                while (true) {
                    open -= send(event, form, usages, events);
                    if (open == 0) {
                        break;
                    }
                    event = choices.next(SILENCE);
                }
                choices.close();
                finish(answer, form, extra, usages, events);
            } catch (ApiException late) {
                events.send(late.json());
            } catch (IllegalStateException e) {
                events.send(ApiException.failed("the server failed; its log says where")
                        .json());
                throw e;
            }
        }
    }

    /** Sends what there is, and returns the number of choices that ended with it. */
    private static int send(Choices.@Nullable Event event, Form form, Usages usages, EventStream events)
            throws IOException {
        if (event instanceof Choices.Event.Piece piece) {
            send(form.piece(piece.choice(), piece.piece()), form, events);
        } else if (event instanceof Choices.Event.End end) {
            usages.add(end.choice(), end.end().usage());
            send(form.end(end.choice(), end.end()), form, events);
            return 1;
        } else {
            events.comment();
        }
        return 0;
    }

    /** Each in an event of its own: clients look at one part of a choice in an event. */
    private static void send(List<JsonObject> parts, Form form, EventStream events) throws IOException {
        for (JsonObject part : parts) {
            events.send(form.part(List.of(part)));
        }
    }

    private static void finish(AnswerFields answer, Form form, JsonObject extra, Usages usages, EventStream events)
            throws IOException {
        if (answer.streamsUsage() || answer.truncates()) {
            JsonObject last = form.part(List.of());
            last.add("usage", usages.json());
            tell(last, answer, extra, usages);
            events.send(last);
        }
        events.done();
    }

    /** What the server tells beside the protocol: the seed, and what was dropped if the request allows that. */
    private static void tell(JsonObject json, AnswerFields answer, JsonObject extra, Usages usages) {
        extra.entrySet().forEach(entry -> json.add(entry.getKey(), entry.getValue()));
        json.addProperty("seed", answer.sampling().seed());
        if (answer.truncates()) {
            json.addProperty("forgotten_tokens", usages.forgotten());
        }
    }
}
