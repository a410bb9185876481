package io.qk256.server.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Request;

/**
 * Reads a body within its limits. Nothing of a body that announces too many bytes is read, and a client that sends a byte now and
 * then does not keep the server waiting.
 */
final class BodyReader {

    private final Request request;
    private final Limits limits;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final Semaphore available = new Semaphore(0);

    BodyReader(Request request, Limits limits) {
        this.request = request;
        this.limits = limits;
    }

    byte[] read() throws IOException {
        if (request.getLength() > limits.bodyBytes()) {
            throw tooLarge(String.valueOf(request.getLength()));
        }
        long deadline = System.nanoTime() + limits.receive().toNanos();
        while (true) {
            Content.Chunk chunk = request.read();
            if (chunk == null) {
                await(deadline);
                continue;
            }
            if (Content.Chunk.isFailure(chunk)) {
                throw failure(chunk.getFailure());
            }
            boolean last = chunk.isLast();
            take(chunk);
            if (last) {
                return bytes.toByteArray();
            }
        }
    }

    private void take(Content.Chunk chunk) {
        try {
            if (bytes.size() + chunk.remaining() > limits.bodyBytes()) {
                throw tooLarge("more");
            }
            byte[] part = new byte[chunk.remaining()];
            chunk.get(part, 0, part.length);
            bytes.writeBytes(part);
        } finally {
            chunk.release();
        }
    }

    private void await(long deadline) throws IOException {
        request.demand(available::release);
        try {
            if (!available.tryAcquire(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                endRead();
                throw slow();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            endRead();
            throw new IOException("the server stops", e);
        }
    }

    /** A read that is still wanted would make the connection unusable for the answer. */
    private void endRead() {
        EndPoint endPoint = request.getConnectionMetaData().getConnection().getEndPoint();
        Pending.end(endPoint);
    }

    private IOException failure(Throwable failure) {
        if (failure instanceof TimeoutException) {
            throw slow();
        }
        return failure instanceof IOException io ? io : new IOException(failure);
    }

    private ApiException slow() {
        return ApiException.refused(
                408,
                null,
                "request_timeout",
                "the request did not arrive within " + limits.receive().toMillis() + " ms; send it faster");
    }

    private ApiException tooLarge(String seen) {
        return ApiException.refused(
                413,
                null,
                "body_too_large",
                "the body has " + seen + " bytes, expected at most " + limits.bodyBytes() + "; send less text");
    }
}
