package io.qk256.server.http;

import java.time.Duration;

/**
 * What a client may use.
 *
 * @param bodyBytes the most bytes of a body
 * @param headerBytes the most bytes of a request's line and headers together
 * @param requests the most requests in progress, those that wait included
 * @param connections the most open connections; others wait to be accepted
 * @param idle how long a connection may be silent when nobody waits for the server
 * @param receive how long a request may take to arrive
 */
public record Limits(int bodyBytes, int headerBytes, int requests, int connections, Duration idle, Duration receive) {

    /** 8 MiB, 16 KiB, 256 requests, 512 connections, 30 seconds each. */
    public static Limits usual() {
        return new Limits(8 << 20, 16 << 10, 256, 512, Duration.ofSeconds(30), Duration.ofSeconds(30));
    }
}
