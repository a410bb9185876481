package io.qk256.server.http;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** Every request passes here: the guard, the route, the error. Thread-safe. */
public final class Gateway extends Handler.Abstract {

    private static final int RETRY_SECONDS = 1;

    /** A cause may be its own cause, by a detour. */
    private static final int MOST_CAUSES = 5;

    private final Guard guard;
    private final Limits limits;
    private final Map<String, Route> routes;
    private final Consumer<String> log;
    private final Semaphore free;
    private final Set<Exchange> open = ConcurrentHashMap.newKeySet();
    private volatile boolean draining;

    /**
     * Creates a gateway.
     *
     * @param routes by path; one that ends with / takes all paths that begin with it
     * @param log receives a line when the server fails; never anything of a request
     */
    public Gateway(Guard guard, Limits limits, Map<String, Route> routes, Consumer<String> log) {
        this.guard = guard;
        this.limits = limits;
        this.routes = Map.copyOf(routes);
        this.log = log;
        this.free = new Semaphore(limits.requests());
    }

    /**
     * What is at a path.
     *
     * @param method the only method
     * @param isPublic whether it needs no key
     */
    public record Route(String method, boolean isPublic, Endpoint endpoint) {

        /** Something to read. */
        public static Route get(Endpoint endpoint) {
            return new Route("GET", false, endpoint);
        }

        /** Something that a JSON object is sent to. */
        public static Route post(Endpoint endpoint) {
            return new Route("POST", false, endpoint);
        }

        /** Something that everybody may read. */
        public static Route open(Endpoint endpoint) {
            return new Route("GET", true, endpoint);
        }

        private boolean takes(String given) {
            return given.equals(method) || (given.equals("HEAD") && method.equals("GET"));
        }
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        Exchange exchange = new Exchange(request, response, limits);
        request.addIdleTimeoutListener(timeout -> false); // Who waits for an answer is silent.
        secure(exchange);
        boolean admitted = free.tryAcquire();
        try {
            try {
                if (!admitted) {
                    throw ApiException.unavailable(
                            "too_many_requests",
                            RETRY_SECONDS,
                            "the server has " + limits.requests() + " requests in progress, its limit; try again");
                }
                open.add(exchange);
                answer(exchange);
            } catch (ApiException refusal) {
                refuse(exchange, refusal);
            }
            callback.succeeded();
        } catch (IOException e) {
            callback.failed(e); // The client has left.
        } catch (RuntimeException | Error e) {
            fail(exchange, e, callback);
        } finally {
            open.remove(exchange);
            if (admitted) {
                free.release();
            }
        }
        return true;
    }

    private void answer(Exchange exchange) throws IOException {
        if (guard.isPreflight(exchange)) {
            exchange.empty(204);
            return;
        }
        Route route = route(exchange.path());
        if (!route.isPublic()) {
            guard.requireKey(exchange);
        }
        if (!route.takes(exchange.method())) {
            exchange.put(HttpHeader.ALLOW, route.method());
            throw ApiException.refused(
                    405,
                    null,
                    "method_not_allowed",
                    "the method is " + exchange.method() + ", expected " + route.method());
        }
        if (draining) {
            throw ApiException.unavailable("stopping", RETRY_SECONDS, "the server is stopping; try again later");
        }
        route.endpoint().handle(exchange);
    }

    private Route route(String path) {
        Route exact = routes.get(path);
        if (exact != null) {
            return exact;
        }
        int slash = path.lastIndexOf('/', path.length() - 2);
        while (slash > 0) {
            Route above = routes.get(path.substring(0, slash + 1));
            if (above != null) {
                return above;
            }
            slash = path.lastIndexOf('/', slash - 1);
        }
        throw ApiException.refused(
                404, null, "not_found", "there is nothing at this path; see docs/server.md for what there is");
    }

    private static void secure(Exchange exchange) {
        exchange.put(HttpHeader.CACHE_CONTROL, "no-store");
        exchange.header("X-Content-Type-Options", "nosniff");
        exchange.header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
        exchange.header("Cross-Origin-Opener-Policy", "same-origin");
        exchange.header("Cross-Origin-Resource-Policy", "same-origin");
        exchange.header("Referrer-Policy", "no-referrer");
        exchange.header("X-Frame-Options", "DENY");
    }

    private static void refuse(Exchange exchange, ApiException refusal) throws IOException {
        if (!exchange.isOpen()) {
            throw new IOException(refusal);
        }
        if (!exchange.isRead()) {
            exchange.closeAfterwards();
        }
        exchange.refuse(refusal);
    }

    private void fail(Exchange exchange, Throwable failure, Callback callback) {
        log.accept("a request to " + routeName(exchange.path()) + " failed: " + described(failure));
        try {
            refuse(exchange, ApiException.failed("the server failed; its log says where"));
            callback.succeeded();
        } catch (IOException | RuntimeException e) {
            callback.failed(e);
        }
    }

    private String routeName(String path) {
        return routes.containsKey(path) ? path : "another path";
    }

    /** What it is, where it was thrown, and what caused it; messages may have text of the request. */
    private static String described(Throwable failure) {
        StringBuilder text = new StringBuilder();
        Throwable cause = failure;
        for (int i = 0; i < MOST_CAUSES && cause != null; i++) {
            StackTraceElement[] trace = cause.getStackTrace();
            text.append(i == 0 ? "" : ", caused by ").append(cause.getClass().getName());
            text.append(trace.length == 0 ? "" : " at " + trace[0]);
            cause = cause.getCause();
        }
        return text.toString();
    }

    /**
     * Refuses new requests from now on, and waits for those in progress. Those that last longer are cancelled, and told.
     *
     * @param patience how long those in progress may take
     * @param lastWords how long it may take to tell those that were cancelled
     * @return whether all were answered
     */
    public boolean drain(Duration patience, Duration lastWords) throws InterruptedException {
        draining = true;
        if (free.tryAcquire(limits.requests(), patience.toMillis(), TimeUnit.MILLISECONDS)) {
            return true;
        }
        open.forEach(Exchange::cutOff);
        free.tryAcquire(limits.requests(), lastWords.toMillis(), TimeUnit.MILLISECONDS);
        return false;
    }

    /** The number of requests in progress. */
    public int inProgress() {
        return limits.requests() - free.availablePermits();
    }
}
