package io.qk256.app.hub;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;

/**
 * Closes a stream that has brought nothing for some time, so that a read from it fails instead of waiting for ever: the HTTP
 * client limits the time until an answer begins, but not the time between its bytes.
 */
final class Silence implements AutoCloseable {

    private static final int LOOKS = 4;

    private final InputStream stream;
    private final long limit;
    private final Thread watch;
    private volatile long heard = System.nanoTime();
    private volatile boolean fallen;

    Silence(InputStream stream, Duration limit) {
        this.stream = stream;
        this.limit = limit.toNanos();
        this.watch = Thread.ofVirtual().start(this::watch);
    }

    /** The stream has brought something. */
    void heard() {
        heard = System.nanoTime();
    }

    /** Whether the stream was closed for its silence. */
    boolean hasFallen() {
        return fallen;
    }

    private void watch() {
        try {
            while (System.nanoTime() - heard < limit) {
                Thread.sleep(Duration.ofNanos(limit / LOOKS));
            }
            fallen = true;
            stream.close();
        } catch (InterruptedException | IOException e) {
            // It is over, one way or the other.
        }
    }

    @Override
    public void close() {
        watch.interrupt();
    }
}
