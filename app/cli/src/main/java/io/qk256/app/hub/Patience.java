package io.qk256.app.hub;

import java.time.Duration;

/**
 * How long to wait for a network that fails now and then.
 *
 * @param attempts how often to try what brings nothing new, 1 or more
 * @param pause before the second attempt; doubled before each further one
 * @param silence after which a connection that brings nothing is given up
 * @param longest a server that asks to wait longer is not waited for
 */
record Patience(int attempts, Duration pause, Duration silence, Duration longest) {

    static final Patience USUAL = new Patience(6, Duration.ofSeconds(1), Duration.ofSeconds(60), Duration.ofMinutes(2));
}
