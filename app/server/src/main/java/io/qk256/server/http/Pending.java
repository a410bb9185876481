package io.qk256.server.http;

import java.io.IOException;
import org.eclipse.jetty.io.AbstractEndPoint;
import org.eclipse.jetty.io.EndPoint;

/** Ends a wait for bytes of a client, which Jetty cannot take back otherwise. */
final class Pending {

    private Pending() {}

    static void end(EndPoint endPoint) {
        if (endPoint instanceof AbstractEndPoint own) {
            own.getFillInterest().onFail(new IOException("no longer wanted"));
        }
    }
}
