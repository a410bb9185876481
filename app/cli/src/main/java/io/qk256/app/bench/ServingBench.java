package io.qk256.app.bench;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.qk256.gguf.Progress;
import io.qk256.llm.text.Tokenizer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import java.util.function.DoubleSupplier;

/**
 * Measures a server as its clients see it: over HTTP, with greedy answers that arrive as streams. No two prompts begin with
 * the same words, unless that is what is measured. For one thread at a time.
 */
public final class ServingBench implements AutoCloseable {

    private static final int SHORT_PROMPT = 16;
    private static final int ROUNDS = 5;
    private static final int LONG_ROUNDS = 3;
    private static final String MEASURING = "measuring";
    private static final String DATA = "data: ";
    private static final String DONE = "[DONE]";
    private static final int OK = 200;

    private static final String[] WORDS = {
        "king", "fox", "garden", "river", "golden", "night", "tree", "went", "said", "under", "little", "stone", "the",
        "a", "and", "old", "came", "house", "bird", "song", "window", "far", "beyond", "winter"
    };

    private final URI completions;
    private final Tokenizer tokenizer;
    private final int clients;
    private final int tokens;

    /** Each reads its own connection: clients share the processors with the server, and this costs the least. */
    private final ExecutorService threads = Executors.newThreadPerTaskExecutor(
            Thread.ofPlatform().name("qk256-client").daemon().factory());

    private final SplittableRandom random = new SplittableRandom(1);

    /**
     * Creates measurements of a server.
     *
     * @param server its address, without a path
     * @param tokenizer of the model that it serves
     * @param clients how many clients ask at once
     * @param tokens the tokens of an answer, 2 or more
     */
    public ServingBench(String server, Tokenizer tokenizer, int clients, int tokens) {
        this.completions = URI.create(server + "/v1/completions");
        this.tokenizer = tokenizer;
        this.clients = clients;
        this.tokens = tokens;
    }

    /** The most tokens of a request, prompt and answer together, when the long prompt has so many. */
    public static int context(int prefixTokens, int tokens) {
        return Math.max(prefixTokens, SHORT_PROMPT) + 2 * SHORT_PROMPT + tokens;
    }

    /**
     * When the parts of an answer arrived, in nanoseconds from the request.
     *
     * @param began when the request was sent, in nanoseconds of the clock
     * @param parts one for each part of the text
     * @param promptTokens tokens of the prompt
     * @param answerTokens tokens of the answer
     */
    private record Arrival(long began, List<Long> parts, int promptTokens, int answerTokens) {

        double first() {
            return parts.getFirst();
        }

        /** A part may have several tokens, or a token no part of its own. */
        double tokensPerPart() {
            return (answerTokens - 1.0) / Math.max(1, parts.size() - 1);
        }

        double rate() {
            return ServingBench.rate(answerTokens - 1, parts.getLast() - parts.getFirst());
        }
    }

    /**
     * Measures everything, after answers that are not counted.
     *
     * @param plain decodes without the server; returns tokens per second
     * @param prefixTokens tokens of the long prompt
     * @param progress is told how many of the rounds are done
     * @throws IOException if the server refuses a request or breaks off
     */
    public ServingResult measure(DoubleSupplier plain, int prefixTokens, Progress progress) throws IOException {
        int rounds = 1 + ROUNDS + ROUNDS + LONG_ROUNDS;
        int done = 0;
        progress.at(MEASURING, done, rounds);
        double[] plainRates = new double[ROUNDS];
        double[] oneRates = new double[ROUNDS];
        double[] togetherRates = new double[ROUNDS];
        // In turns, because the speed of memory changes. The first round is a warm-up.
        for (int round = -1; round < ROUNDS; round++) {
            double together = together();
            double plainRate = plain.getAsDouble();
            double one = ask(prompt(SHORT_PROMPT), tokens).rate();
            if (round >= 0) {
                plainRates[round] = plainRate;
                oneRates[round] = one;
                togetherRates[round] = together;
            }
            progress.at(MEASURING, ++done, rounds);
        }
        double[] alone = new double[ROUNDS];
        double[] beside = new double[ROUNDS];
        int promptTokens = 0;
        for (int round = 0; round < ROUNDS; round++) {
            Arrival first = ask(prompt(SHORT_PROMPT), 2);
            promptTokens = first.promptTokens;
            alone[round] = first.first();
            beside[round] = clients == 1 ? Double.NaN : besideOthers();
            progress.at(MEASURING, ++done, rounds);
        }
        double[] fresh = new double[LONG_ROUNDS];
        double[] known = new double[LONG_ROUNDS];
        int longTokens = 0;
        for (int round = 0; round < LONG_ROUNDS; round++) {
            String text = prompt(prefixTokens);
            Arrival first = ask(text + " one", 2);
            longTokens = first.promptTokens;
            fresh[round] = first.first();
            known[round] = ask(text + " two", 2).first();
            progress.at(MEASURING, ++done, rounds);
        }
        return new ServingResult(
                Median.of(plainRates),
                Median.of(oneRates),
                clients,
                Median.of(togetherRates),
                promptTokens,
                Median.of(alone),
                Median.of(beside),
                longTokens,
                Median.of(fresh),
                Median.of(known));
    }

    /** All clients ask at once. Counts what arrives while all of them get tokens. */
    private double together() throws IOException {
        List<Callable<Arrival>> requests = new ArrayList<>();
        for (int i = 0; i < clients; i++) {
            String prompt = prompt(SHORT_PROMPT);
            requests.add(() -> ask(prompt, tokens));
        }
        List<Arrival> answers = new ArrayList<>();
        for (Future<Arrival> request : requests.stream().map(threads::submit).toList()) {
            answers.add(get(request));
        }
        long from = answers.stream()
                .mapToLong(answer -> answer.began + answer.parts.getFirst())
                .max()
                .orElseThrow();
        long to = answers.stream()
                .mapToLong(answer -> answer.began + answer.parts.getLast())
                .min()
                .orElseThrow();
        double arrived = 0;
        for (Arrival answer : answers) {
            long parts = answer.parts.stream()
                    .mapToLong(part -> answer.began + part)
                    .filter(time -> time > from && time <= to)
                    .count();
            arrived += parts * answer.tokensPerPart();
        }
        return rate(arrived, to - from);
    }

    /** Tokens per second; NaN if there was no time in which they arrived, as some answers are that short. */
    private static double rate(double tokens, long nanos) {
        return nanos > 0 ? tokens * 1e9 / nanos : Double.NaN;
    }

    /** The first token of a short prompt while the other clients get answers, one after the other. */
    private double besideOthers() throws IOException {
        CountDownLatch begun = new CountDownLatch(clients - 1);
        CountDownLatch enough = new CountDownLatch(1);
        List<Future<?>> others = new ArrayList<>();
        for (int i = 1; i < clients; i++) {
            String text = prompt(SHORT_PROMPT);
            others.add(threads.submit(() -> {
                try {
                    Runnable first = begun::countDown;
                    for (int turn = 0; enough.getCount() > 0; turn++) {
                        ask(text + " " + turn, tokens, first, () -> enough.getCount() == 0);
                        first = () -> {};
                    }
                } finally {
                    begun.countDown(); // After a failure, which get() reports, nobody waits.
                }
                return null;
            }));
        }
        try {
            begun.await();
            return ask(prompt(SHORT_PROMPT), 2).first();
        } catch (InterruptedException e) {
            throw interrupted(e);
        } finally {
            enough.countDown();
            for (Future<?> other : others) {
                get(other);
            }
        }
    }

    private Arrival ask(String prompt, int most) throws IOException {
        return ask(prompt, most, () -> {}, () -> false);
    }

    /**
     * Sends a prompt and reads the answer.
     *
     * @param atFirst is called when the first part has arrived
     * @param stop asked after each line; true leaves the rest unread, and the server notices that the client has left
     */
    private Arrival ask(String prompt, int most, Runnable atFirst, BooleanSupplier stop) throws IOException {
        JsonObject body = new JsonObject();
        body.addProperty("prompt", prompt);
        body.addProperty("max_tokens", most);
        body.addProperty("temperature", 0);
        body.addProperty("stream", true);
        JsonObject options = new JsonObject();
        options.addProperty("include_usage", true);
        body.add("stream_options", options);
        byte[] json = body.toString().getBytes(StandardCharsets.UTF_8);
        long began = System.nanoTime();
        HttpURLConnection connection = (HttpURLConnection) completions.toURL().openConnection(Proxy.NO_PROXY);
        try {
            connection.setDoOutput(true);
            connection.setFixedLengthStreamingMode(json.length); // Otherwise it might send the request again.
            connection.setRequestProperty("Connection", "close");
            connection.setRequestProperty("Content-Type", "application/json");
            try (OutputStream out = connection.getOutputStream()) {
                out.write(json);
            }
            int status = connection.getResponseCode();
            try (BufferedReader lines = new BufferedReader(new InputStreamReader(
                    status == OK ? connection.getInputStream() : connection.getErrorStream(),
                    StandardCharsets.UTF_8))) {
                if (status != OK) {
                    throw new IOException("the server answered " + status + ": " + lines.readLine());
                }
                Arrival arrival = read(lines, began, atFirst, stop);
                connection.disconnect(); // What is unread stays so.
                return arrival;
            }
        } finally {
            connection.disconnect();
        }
    }

    private static Arrival read(BufferedReader lines, long began, Runnable atFirst, BooleanSupplier stop)
            throws IOException {
        List<Long> parts = new ArrayList<>();
        int promptTokens = 0;
        int answerTokens = 0;
        for (String line = lines.readLine(); line != null && !stop.getAsBoolean(); line = lines.readLine()) {
            if (!line.startsWith(DATA) || line.equals(DATA + DONE)) {
                continue;
            }
            JsonObject event =
                    JsonParser.parseString(line.substring(DATA.length())).getAsJsonObject();
            if (event.has("error")) {
                throw new IOException("the server broke off: " + event.get("error"));
            }
            if (!event.getAsJsonArray("choices").isEmpty()) {
                if (parts.isEmpty()) {
                    atFirst.run();
                }
                parts.add(System.nanoTime() - began);
            }
            JsonElement usage = event.get("usage");
            if (usage != null && usage.isJsonObject()) {
                promptTokens = usage.getAsJsonObject().get("prompt_tokens").getAsInt();
                answerTokens = usage.getAsJsonObject().get("completion_tokens").getAsInt();
            }
        }
        if (parts.isEmpty() && !stop.getAsBoolean()) {
            throw new IOException("the server sent no text");
        }
        return new Arrival(began, parts, promptTokens, answerTokens);
    }

    /** Words at random, of about so many tokens. */
    private String prompt(int wanted) {
        StringBuilder text = new StringBuilder();
        int count = 0;
        while (count < wanted) {
            String word = (text.isEmpty() ? "" : " ") + WORDS[random.nextInt(WORDS.length)];
            text.append(word);
            count += tokenizer.encode(word, false, false).length;
        }
        return text.toString();
    }

    private static <T> T get(Future<T> future) throws IOException {
        try {
            return future.get();
        } catch (ExecutionException e) {
            Throwable cause = Objects.requireNonNull(e.getCause());
            throw new IOException(cause.getMessage(), cause);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private static InterruptedIOException interrupted(InterruptedException cause) {
        Thread.currentThread().interrupt();
        InterruptedIOException exception = new InterruptedIOException("interrupted");
        exception.initCause(cause);
        return exception;
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
