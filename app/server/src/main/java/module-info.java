/** The HTTP server: a model behind the protocol of OpenAI, and a page to talk to it. */
module io.qk256.server {
    requires com.google.gson;
    requires org.eclipse.jetty.server;
    requires transitive io.qk256.llm;
    requires static org.jspecify;

    exports io.qk256.server;
}
