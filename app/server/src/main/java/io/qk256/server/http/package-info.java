/**
 * What all endpoints share: routes, guards against foreign web pages, limits, errors, and streams of events. No endpoint and no
 * model in it.
 */
@NullMarked
package io.qk256.server.http;

import org.jspecify.annotations.NullMarked;
