package io.qk256.app.hub;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/** Counts the attempts of one piece of work; begins anew whenever the work has got farther. Not thread-safe. */
final class Attempts {

    private final Patience patience;
    private final Consumer<String> talk;
    private int failed;

    Attempts(Patience patience, Consumer<String> talk) {
        this.patience = patience;
        this.talk = talk;
    }

    /** The work has got farther. */
    void progressed() {
        failed = 0;
    }

    /**
     * Waits until it makes sense to try again.
     *
     * @throws IOException the failure, if it does not
     */
    void failed(PassingException failure) throws IOException {
        failed++;
        Optional<Duration> asked = failure.waiting();
        if (failed >= patience.attempts()) {
            throw new IOException(failure.getMessage() + "; gave up after " + failed + " attempts", failure);
        }
        if (asked.isPresent() && asked.get().compareTo(patience.longest()) > 0) {
            throw new IOException(failure.getMessage() + "; try again then", failure);
        }
        Duration pause = patience.pause().multipliedBy(1L << (failed - 1));
        Duration wait = asked.filter(time -> time.compareTo(pause) > 0).orElse(pause);
        talk.accept(failure.getMessage() + "; trying again"
                + (wait.toSeconds() > 0 ? " in " + wait.toSeconds() + " s" : ""));
        sleep(wait);
    }

    private static void sleep(Duration wait) throws IOException {
        try {
            Thread.sleep(wait);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw interrupted(e);
        }
    }

    static IOException interrupted(Exception e) {
        InterruptedIOException interrupted = new InterruptedIOException(
                "the download was interrupted; what has come is kept, and the same command" + " continues");
        interrupted.initCause(e);
        return interrupted;
    }
}
