package io.qk256.server.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.eclipse.jetty.io.AbstractConnection;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;

/**
 * Notices that a client leaves while its answer is being computed. Nothing is read from a connection then, so Jetty itself would
 * notice only when it writes. This reads in between: the end of the stream means that the client has left; what begins a next
 * request is given to the connection. No more is read than the connection has room for, because it drops the rest; once it is
 * full of requests that follow, nothing is noticed before the server writes. Thread-safe.
 */
public final class Departure implements AutoCloseable {

    private static final int MOST_BYTES = 1024;

    private final EndPoint endPoint;
    private final Connection connection;
    private final Runnable left;
    private int room;
    private boolean closed;

    private Departure(Connection connection, Runnable left) {
        this.connection = connection;
        this.endPoint = connection.getEndPoint();
        this.left = left;
    }

    static Departure watch(Request request, Runnable left) {
        Departure departure = new Departure(request.getConnectionMetaData().getConnection(), left);
        departure.watchOn();
        return departure;
    }

    /** How many bytes can be given to a connection. It does not tell, so what it holds is taken and given back. */
    private static int room(Connection connection) {
        if (connection instanceof AbstractConnection sized
                && connection instanceof Connection.UpgradeFrom giver
                && connection instanceof Connection.UpgradeTo receiver) {
            ByteBuffer held = giver.onUpgradeFrom();
            if (held == null) {
                return sized.getInputBufferSize();
            }
            int bytes = held.remaining();
            receiver.onUpgradeTo(held);
            return sized.getInputBufferSize() - bytes;
        }
        return 0;
    }

    private synchronized void watchOn() {
        room = Math.min(MOST_BYTES, room(connection));
        if (room > 0) {
            endPoint.tryFillInterested(Callback.from(this::readable, failure -> {}));
        }
    }

    private synchronized void readable() {
        if (closed) {
            return;
        }
        ByteBuffer bytes = BufferUtil.allocate(room);
        int filled;
        try {
            filled = endPoint.fill(bytes);
        } catch (IOException e) {
            filled = -1;
        }
        if (filled < 0) {
            closed = true;
            left.run();
        } else if (filled == 0) {
            watchOn();
        } else if (connection instanceof Connection.UpgradeTo receiver) {
            receiver.onUpgradeTo(bytes);
            watchOn();
        }
    }

    /** Ends the watch; the connection can be used again. */
    @Override
    public synchronized void close() {
        closed = true;
        Pending.end(endPoint);
    }
}
