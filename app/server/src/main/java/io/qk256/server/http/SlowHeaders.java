package io.qk256.server.http;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.util.thread.Scheduler;

/**
 * Closes connections whose request never becomes complete although bytes arrive, one now and then. Looks at each connection once
 * in the time that a request may take: bytes without a request are suspicious once, because one may have just begun, and too much
 * twice.
 */
public final class SlowHeaders implements Connection.Listener {

    private final Scheduler scheduler;
    private final Duration period;

    /**
     * Creates a listener.
     *
     * @param period how long a request may take to arrive
     */
    public SlowHeaders(Scheduler scheduler, Duration period) {
        this.scheduler = scheduler;
        this.period = period;
    }

    @Override
    public void onOpened(Connection connection) {
        new Watch(connection).again();
    }

    private final class Watch implements Runnable {

        private final Connection connection;
        private long bytes;
        private long requests;
        private boolean suspicious;

        Watch(Connection connection) {
            this.connection = connection;
        }

        void again() {
            scheduler.schedule(this, period.toMillis(), TimeUnit.MILLISECONDS);
        }

        @Override
        public void run() {
            if (!connection.getEndPoint().isOpen()) {
                return;
            }
            long bytesNow = connection.getBytesIn();
            long requestsNow = connection.getMessagesIn();
            boolean incomplete = requestsNow == requests && bytesNow != bytes;
            if (incomplete && suspicious) {
                connection.getEndPoint().close(new TimeoutException("the request never became complete"));
                return;
            }
            suspicious = incomplete;
            bytes = bytesNow;
            requests = requestsNow;
            again();
        }
    }
}
