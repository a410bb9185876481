package io.qk256.server;

import io.qk256.server.http.Gateway.Route;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** The page to talk to the model: three files, nothing from other hosts. */
final class Page {

    /** What a browser may load and do on this page: its own files and its own server, nothing else. */
    private static final String POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none';"
                    + " form-action 'none'; frame-ancestors 'none'";

    private Page() {}

    static Map<String, Route> routes() {
        return Map.of(
                "/", file("index.html", "text/html; charset=utf-8"),
                "/page.css", file("page.css", "text/css; charset=utf-8"),
                "/page.js", file("page.js", "text/javascript; charset=utf-8"));
    }

    private static Route file(String name, String type) {
        String text = text(name);
        return Route.open(exchange -> {
            exchange.header("Content-Security-Policy", POLICY);
            exchange.answer(200, type, text);
        });
    }

    private static String text(String name) {
        try (InputStream in = Page.class.getResourceAsStream("page/" + name)) {
            if (in == null) {
                throw new IllegalStateException("page/" + name + " is missing; the server's jar is damaged");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
