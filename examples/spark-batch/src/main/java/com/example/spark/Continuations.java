package com.example.spark;

import io.qk256.llm.generation.SamplingOptions;
import io.qk256.llm.model.NotFiniteException;
import io.qk256.llm.serving.ChosenToken;
import io.qk256.llm.serving.CompletionEnd;
import io.qk256.llm.serving.CompletionListener;
import io.qk256.llm.serving.CompletionRequest;
import io.qk256.llm.serving.Handle;
import io.qk256.llm.serving.Scheduler;
import io.qk256.llm.serving.SchedulerOptions;
import io.qk256.llm.serving.TextPiece;
import io.qk256.llm.text.ChatMessage;
import io.qk256.llm.text.ChatTemplate;
import io.qk256.spi.support.UserError;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** Continues texts. Those of all tasks in this JVM are computed together, each pass over the weights a token of each. */
final class Continuations extends RowEngine {

    private static final int TOP_K = 40;
    private static final double TOP_P = 0.95;
    private static final double MIN_P = 0.05;

    /** Tasks wait for their own rows, so the queue needs no bound. */
    private static final int QUEUE = 1 << 20;

    private final Options options;
    private final Scheduler scheduler;
    private final ChatTemplate template;

    Continuations(Loaded loaded, Options options) {
        super(loaded);
        this.options = options;
        this.template = options.chat() ? loaded.model().template() : null;
        this.scheduler = Scheduler.start(
                loaded.model(),
                loaded.kernel(),
                SchedulerOptions.withThreads(options.threads())
                        .withParallel(options.parallel())
                        .withContext(options.context())
                        .withQueue(QUEUE));
    }

    /** A row that is being computed. */
    private record Pending(CompletableFuture<Result> result, Handle handle) {

        static Pending of(Result result) {
            return new Pending(CompletableFuture.completedFuture(result), null);
        }
    }

    /** Keeps more rows than are computed at once in the scheduler, because a long one holds up those after it here. */
    @Override
    Iterator<Result> results(Iterator<InputRow> rows) {
        ArrayDeque<Pending> pending = new ArrayDeque<>();
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return !pending.isEmpty() || rows.hasNext();
            }

            @Override
            public Result next() {
                while (pending.size() < 2 * options.parallel() && rows.hasNext()) {
                    pending.add(submit(rows.next()));
                }
                try {
                    return pending.remove().result().get();
                } catch (InterruptedException e) { // Spark has killed the task.
                    pending.forEach(Continuations::cancel);
                    Thread.currentThread().interrupt();
                    throw new IllegalStateException("interrupted", e);
                } catch (ExecutionException e) {
                    pending.forEach(Continuations::cancel);
                    throw new IllegalStateException(e.getCause());
                }
            }
        };
    }

    private static void cancel(Pending row) {
        if (row.handle() != null) {
            row.handle().cancel();
        }
    }

    private Pending submit(InputRow row) {
        if (row.problem() != null) {
            return Pending.of(loaded.failed(row, row.problem()));
        }
        try {
            CompletionRequest request = CompletionRequest.of(prompt(row.text()))
                    .withMaxTokens(options.maxTokens())
                    .withSampling(new SamplingOptions(
                            options.temperature(), TOP_K, TOP_P, MIN_P, 1, 0, seed(options.seed(), row.key())))
                    .withLogprobs(0);
            Completion completion = new Completion(row);
            return new Pending(completion.result, scheduler.submit(request, completion));
        } catch (UserError e) { // The text is too long, or the template refuses it.
            return Pending.of(loaded.failed(row, e.getMessage()));
        }
    }

    private int[] prompt(String text) {
        if (template != null) {
            return template.encode(List.of(new ChatMessage(ChatMessage.Role.USER, text)));
        }
        return loaded.model()
                .tokenizer()
                .encode(text, loaded.model().tokenizer().addsBeginOfText(), false);
    }

    /** A seed that depends on the key alone, so that a row gives the same text in whatever part and order it comes. */
    static long seed(long seed, String key) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(ByteBuffer.allocate(Long.BYTES).putLong(0, seed));
            return ByteBuffer.wrap(digest.digest(key.getBytes(StandardCharsets.UTF_8))).getLong();
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }

    private final class Completion implements CompletionListener {

        private final InputRow row;
        private final StringBuilder text = new StringBuilder();
        private int tokens;
        private double nats;
        private final CompletableFuture<Result> result = new CompletableFuture<>();

        Completion(InputRow row) {
            this.row = row;
        }

        @Override
        public void text(TextPiece piece) {
            text.append(piece.text());
            for (ChosenToken token : piece.tokens()) {
                tokens++;
                nats -= token.logprob();
            }
        }

        @Override
        public void finished(CompletionEnd end) {
            if (end.reason().isInterruption()) {
                result.completeExceptionally(new IllegalStateException(row.key() + ": ended by " + end.reason()));
                return;
            }
            Double mean = tokens == 0 ? null : nats / tokens;
            result.complete(new Result(
                    row.key(), text.toString(), tokens, mean, null, loaded.kernelName(), loaded.hash(), null));
        }

        @Override
        public void failed(Throwable cause) {
            if (cause instanceof NotFiniteException) {
                result.complete(loaded.failed(row, cause.getMessage()));
            } else {
                result.completeExceptionally(cause);
            }
        }
    }

    @Override
    public void close() {
        scheduler.close();
        super.close();
    }
}
