package io.qk256.llm.serving;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A listener that keeps what it hears. */
class Heard implements CompletionListener {

    private final StringBuilder text = new StringBuilder();
    private final List<ChosenToken> tokens = new ArrayList<>();
    private final CountDownLatch ended = new CountDownLatch(1);
    private @Nullable CompletionEnd end;
    private @Nullable Throwable failure;

    /** What does not depend on time. */
    record Result(String text, List<ChosenToken> tokens, FinishReason reason, Optional<String> stop, int written) {}

    @Override
    public void text(TextPiece piece) {
        synchronized (this) {
            text.append(piece.text());
            tokens.addAll(piece.tokens());
        }
    }

    @Override
    public synchronized void finished(CompletionEnd how) {
        requireFirst();
        end = how;
        ended.countDown();
    }

    @Override
    public synchronized void failed(Throwable cause) {
        requireFirst();
        failure = cause;
        ended.countDown();
    }

    private void requireFirst() {
        if (ended.getCount() == 0) {
            throw new IllegalStateException("a second end");
        }
    }

    private void await() {
        try {
            if (!ended.await(60, TimeUnit.SECONDS)) {
                throw new AssertionError("no end");
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    CompletionEnd end() {
        await();
        synchronized (this) {
            if (end == null) {
                throw new AssertionError("failed", failure);
            }
            return end;
        }
    }

    Throwable failure() {
        await();
        synchronized (this) {
            return Objects.requireNonNull(failure, () -> "ended: " + end);
        }
    }

    Result result() {
        CompletionEnd how = end();
        synchronized (this) {
            return new Result(
                    text.toString(),
                    List.copyOf(tokens),
                    how.reason(),
                    how.stopString(),
                    how.usage().completionTokens());
        }
    }
}
