/** Language models with 2-bit weights: tokenizers, templates, sampling, and the forward pass on a kernel. */
module io.qk256.llm {
    requires jdk.incubator.vector;
    requires transitive io.qk256.gguf;
    requires static org.jspecify;

    exports io.qk256.llm;
    exports io.qk256.llm.generation;
    exports io.qk256.llm.grammar;
    exports io.qk256.llm.json;
    exports io.qk256.llm.model;
    exports io.qk256.llm.serving;
    exports io.qk256.llm.text;
}
