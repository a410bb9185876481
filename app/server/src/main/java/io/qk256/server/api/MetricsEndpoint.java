package io.qk256.server.api;

import io.qk256.llm.serving.FinishReason;
import io.qk256.llm.serving.Histogram;
import io.qk256.llm.serving.SchedulerStatus;
import io.qk256.server.http.Endpoint;
import io.qk256.server.http.Exchange;
import java.io.IOException;
import java.util.Locale;

/** Tells what the server does, in the text format of Prometheus. */
public final class MetricsEndpoint implements Endpoint {

    private static final String TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private final Backend backend;
    private final String kernel;

    /** Creates an endpoint of a model that is computed by a kernel. */
    public MetricsEndpoint(Backend backend, String kernel) {
        this.backend = backend;
        this.kernel = kernel;
    }

    @Override
    public void handle(Exchange exchange) throws IOException {
        exchange.answer(200, TYPE, text(backend.scheduler().status()));
    }

    private String text(SchedulerStatus status) {
        Lines lines = new Lines();
        lines.begin("info", "gauge", "The model and the kernel that computes it.");
        lines.line("info", "{model=\"" + escaped(backend.id()) + "\",kernel=\"" + escaped(kernel) + "\"}", 1);
        lines.one("requests_waiting", "gauge", "Requests in the queue.", status.waiting());
        lines.one("requests_running", "gauge", "Requests that are computed.", status.running());
        lines.one("requests_refused_total", "counter", "Requests that found the queue full.", status.refused());
        lines.one("requests_failed_total", "counter", "Requests that failed.", status.failed());
        lines.begin("requests_finished_total", "counter", "Completions that ended, by reason.");
        for (FinishReason reason : FinishReason.values()) {
            lines.line(
                    "requests_finished_total",
                    "{reason=\"" + reason.name().toLowerCase(Locale.ROOT) + "\"}",
                    status.finished().getOrDefault(reason, 0L));
        }
        lines.one("prompt_tokens_total", "counter", "Tokens of prompts that were computed.", status.promptTokens());
        lines.one(
                "reused_tokens_total",
                "counter",
                "Tokens of prompts that were taken from earlier texts.",
                status.reusedTokens());
        lines.one("completion_tokens_total", "counter", "Tokens that were chosen.", status.decodedTokens());
        lines.one("embedded_tokens_total", "counter", "Tokens of texts to embed.", status.embeddedTokens());
        lines.one("cache_bytes", "gauge", "Bytes of keys and values in use.", status.cacheBytes());
        lines.one("cache_bytes_limit", "gauge", "The most bytes of keys and values.", status.cacheBound());
        lines.histogram("batch_size", "Sequences of a pass over the weights.", status.batch());
        lines.histogram(
                "time_to_first_token_seconds", "Time from submission to the first token.", status.toFirstToken());
        return lines.text.toString();
    }

    private static String escaped(String label) {
        return label.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
    }

    /** Metrics one below the other. */
    private static final class Lines {

        private static final String PREFIX = "qk256_";

        private final StringBuilder text = new StringBuilder();

        void begin(String name, String type, String help) {
            text.append("# HELP ")
                    .append(PREFIX)
                    .append(name)
                    .append(' ')
                    .append(help)
                    .append('\n');
            text.append("# TYPE ")
                    .append(PREFIX)
                    .append(name)
                    .append(' ')
                    .append(type)
                    .append('\n');
        }

        void line(String name, String labels, long value) {
            text.append(PREFIX)
                    .append(name)
                    .append(labels)
                    .append(' ')
                    .append(value)
                    .append('\n');
        }

        void one(String name, String type, String help, long value) {
            begin(name, type, help);
            line(name, "", value);
        }

        void histogram(String name, String help, Histogram histogram) {
            begin(name, "histogram", help);
            long count = 0;
            for (int i = 0; i < histogram.bounds().size(); i++) {
                count += histogram.counts().get(i);
                line(name + "_bucket", "{le=\"" + histogram.bounds().get(i) + "\"}", count);
            }
            line(name + "_bucket", "{le=\"+Inf\"}", histogram.count());
            text.append(PREFIX)
                    .append(name)
                    .append("_sum ")
                    .append(histogram.sum())
                    .append('\n');
            line(name + "_count", "", histogram.count());
        }
    }
}
