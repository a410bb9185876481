package io.qk256.server;

import io.qk256.server.api.Backend;
import io.qk256.server.http.BadRequests;
import io.qk256.server.http.Gateway;
import io.qk256.server.http.Guard;
import io.qk256.server.http.Limits;
import io.qk256.server.http.SlowHeaders;
import io.qk256.spi.support.UserError;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.eclipse.jetty.util.thread.ScheduledExecutorScheduler;
import org.eclipse.jetty.util.thread.Scheduler;

/**
 * Listens for requests and answers them with a model. It listens before the model is loaded, so that a port in use is found at
 * once; until {@link #serve} it answers that it is not ready. Thread-safe.
 */
public final class ModelServer implements AutoCloseable {

    private static final int THREADS = 16;

    /** A client that does not read keeps nobody from stopping. */
    private static final Duration LAST_WORDS = Duration.ofSeconds(2);

    private final ServerOptions options;
    private final Server server;
    private final ServerConnector connector;
    private final Gateway gateway;
    private final Service service;

    private ModelServer(ServerOptions options, Limits limits, Consumer<String> log) {
        this.options = options;
        this.service = new Service();
        QueuedThreadPool threads = new QueuedThreadPool(THREADS, 2);
        threads.setName("qk256-http");
        threads.setDaemon(true);
        threads.setVirtualThreadsExecutor(Executors.newVirtualThreadPerTaskExecutor());
        Scheduler timer = new ScheduledExecutorScheduler("qk256-http-timer", true);
        this.server = new Server(threads, timer, null);
        this.connector = new ServerConnector(server, 1, 1, new HttpConnectionFactory(configuration(limits)));
        connector.setHost(options.host());
        connector.setPort(options.port());
        connector.setIdleTimeout(limits.idle().toMillis());
        connector.addBean(new SlowHeaders(timer, limits.receive()));
        NetworkConnectionLimit connections = new NetworkConnectionLimit(limits.connections(), connector);
        connections.setEndPointIdleTimeout(limits.receive().toMillis());
        connector.addBean(connections);
        server.addConnector(connector);
        List<String> names = new ArrayList<>(options.hosts());
        names.add(options.host());
        Guard guard = new Guard(names, options.origins(), options.apiKey());
        this.gateway = new Gateway(guard, limits, service.routes(), log);
        server.setHandler(gateway);
        server.setErrorHandler(new BadRequests(limits));
    }

    private static HttpConfiguration configuration(Limits limits) {
        HttpConfiguration http = new HttpConfiguration();
        http.setSendServerVersion(false);
        http.setRequestHeaderSize(limits.headerBytes());
        http.setHeaderCacheSize(0); // The cache takes a key for an earlier one that differs in case.
        return http;
    }

    /**
     * Starts to listen.
     *
     * @param log receives a line when the server fails; never text of a request
     * @throws UserError if the host is unknown, or reachable by others and there is no key
     * @throws IOException if the port is in use, or the system refuses it
     */
    public static ModelServer start(ServerOptions options, Consumer<String> log) throws IOException {
        return start(options, Limits.usual(), log);
    }

    static ModelServer start(ServerOptions options, Limits limits, Consumer<String> log) throws IOException {
        requireKeyForOthers(options);
        ModelServer started = new ModelServer(options, limits, log);
        try {
            started.server.start();
            return started;
        } catch (Exception e) {
            started.stopNow();
            throw cannotListen(options, e);
        }
    }

    private static void requireKeyForOthers(ServerOptions options) {
        InetAddress address;
        try {
            address = InetAddress.getByName(options.host());
        } catch (UnknownHostException e) {
            throw new UserError("host " + options.host() + ": no such host; name an address of this machine", e);
        }
        if (!address.isLoopbackAddress() && options.apiKey().isEmpty()) {
            throw new UserError("host " + options.host() + " can be reached by others, and there is no API key; set one"
                    + " (16 characters or more), or listen on 127.0.0.1");
        }
    }

    private static IOException cannotListen(ServerOptions options, Exception failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof BindException || cause instanceof UnresolvedAddressException) {
                return new IOException(
                        "cannot listen on " + options.host() + " port " + options.port() + ": " + cause.getMessage()
                                + "; choose another port, or 0 for any free one",
                        failure);
            }
        }
        return new IOException(
                "cannot listen on " + options.host() + " port " + options.port() + ": " + failure, failure);
    }

    /** Answers requests with this model from now on. The caller closes it, after this server. */
    public void serve(ServedModel model) {
        serve(model, model.scheduler()::submit);
    }

    void serve(ServedModel model, Backend.Completions completions) {
        service.serve(model, completions);
    }

    /** The port, also if any free one was asked for. */
    public int port() {
        return connector.getLocalPort();
    }

    /** Where the server's page is. */
    public String address() {
        String host = options.host();
        return "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port();
    }

    /** The number of requests in progress. */
    public int inProgress() {
        return gateway.inProgress();
    }

    /** The number of open connections. */
    int connections() {
        return connector.getConnectedEndPoints().size();
    }

    /**
     * Refuses new requests, waits for those in progress, and stops.
     *
     * @param patience how long those in progress may take; then they are cut off, and their clients told
     * @return whether all requests were answered
     */
    public boolean stop(Duration patience) throws InterruptedException {
        return stop(patience, LAST_WORDS);
    }

    boolean stop(Duration patience, Duration lastWords) throws InterruptedException {
        // No new connections. Its future is for the end of all that there are, which nobody waits for.
        connector.shutdown().cancel(false);
        boolean answered = gateway.drain(patience, lastWords);
        stopNow();
        return answered;
    }

    /** Stops at once; answers in progress are cut off. */
    @Override
    public void close() {
        stopNow();
    }

    private void stopNow() {
        try {
            server.stop();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
