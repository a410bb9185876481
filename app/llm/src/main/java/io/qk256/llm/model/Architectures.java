package io.qk256.llm.model;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Finds the architecture of a file. */
final class Architectures {

    private static final String BONSAI = "this is Bonsai 27B, Bonsai 2 or another model with gated delta nets (linear"
            + " attention) in most layers, which are not supported; Bonsai 1.7B, 4B and 8B are";

    /** All supported architectures. */
    static final List<Architecture> KNOWN = List.of(new BitNet(), new Llama(), new Qwen3(), new Gemma3());

    /** Architectures that people may take for supported ones, and what they are. */
    private static final Map<String, String> OTHERS = Map.of(
            "qwen35", BONSAI,
            "qwen35moe", BONSAI,
            "qwen3next", BONSAI,
            "clip", "this file is the image encoder of another model");

    private Architectures() {}

    /**
     * Returns the architecture that a file requires.
     *
     * @param known the architectures to choose from
     * @throws GgufException if it is not among them
     */
    static Architecture of(GgufFile file, List<Architecture> known) throws GgufException {
        String name = file.architecture();
        return find(name, known)
                .orElseThrow(() -> new GgufException(file.name() + ": general.architecture is \"" + name
                        + "\", expected " + names(known) + "; "
                        + OTHERS.getOrDefault(name, "no other architecture is supported")));
    }

    /**
     * Returns the architecture with a name.
     *
     * @throws IllegalArgumentException if there is none
     */
    static Architecture of(String name) {
        return find(name, KNOWN)
                .orElseThrow(() -> new IllegalArgumentException("architecture: \"" + name + "\", expected "
                        + names(KNOWN) + "; no other architecture is supported"));
    }

    private static Optional<Architecture> find(String name, List<Architecture> known) {
        return known.stream().filter(one -> one.names().contains(name)).findFirst();
    }

    private static String names(List<Architecture> known) {
        List<String> names = known.stream().flatMap(one -> one.names().stream()).toList();
        String allButLast = String.join(", ", names.subList(0, names.size() - 1));
        return allButLast.isEmpty() ? names.getLast() : allButLast + " or " + names.getLast();
    }
}
