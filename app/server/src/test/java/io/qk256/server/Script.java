package io.qk256.server;

import io.qk256.llm.generation.TokenConstraint;
import io.qk256.llm.serving.CompletionRequest;
import io.qk256.llm.text.Tokenizer;
import java.time.Duration;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;

/**
 * Answers that the model gives word for word, because it is held to them token by token; all else is as usual. An answer that
 * breaks the form that a request demands fails the request.
 */
final class Script {

    /** A chat template with tools, in the form of the Qwen and Hermes families. */
    static final String TEMPLATE = """
            {%- if tools %}
            {{- '<tools>' }}
            {%- for tool in tools %}
            {{- '\\n' }}{{- tool | tojson }}
            {%- endfor %}
            {{- '\\n</tools>' }}
            {%- endif %}
            {%- for message in messages %}
            {{- '\\n[' ~ message.role ~ '] ' ~ message.content }}
            {%- for tool_call in message.tool_calls %}
            {{- '<tool_call>{"name": "' ~ tool_call.function.name ~ '", "arguments": ' }}
            {{- tool_call.function.arguments | tojson }}
            {{- '}</tool_call>' }}
            {%- endfor %}
            {%- endfor %}
            {{- '\\n[assistant] ' }}""";

    /** What the model has been asked, in order. */
    final List<String> prompts = new CopyOnWriteArrayList<>();

    private final Map<String, String> answers = new LinkedHashMap<>();
    private final Map<String, Duration> pauses = new HashMap<>();

    /** A prompt that ends with this text, before the answer's turn, gets this answer. */
    Script answer(String end, String text) {
        answers.put(end + "\n[assistant] ", text);
        return this;
    }

    /** The same, with a pause before each token: enough to do something before the answer ends. */
    Script slowAnswer(String end, String text, Duration pause) {
        pauses.put(end + "\n[assistant] ", pause);
        return answer(end, text);
    }

    static String call(String name, String arguments) {
        return "<tool_call>\n{\"name\": \"" + name + "\", \"arguments\": " + arguments + "}\n</tool_call>";
    }

    /** The request, held to its answer; a prompt without one is answered by the model itself. */
    CompletionRequest held(CompletionRequest request, Tokenizer tokenizer) {
        String prompt = tokenizer.decode(request.prompt());
        prompts.add(prompt);
        return answers.entrySet().stream()
                .filter(answer -> prompt.endsWith(answer.getKey()))
                .findFirst()
                .map(answer -> new Held(
                        tokenizer.encode(answer.getValue(), false, false),
                        request.constraint(),
                        pauses.getOrDefault(answer.getKey(), Duration.ZERO)))
                .map(request::withConstraint)
                .orElse(request);
    }

    private static final class Held implements TokenConstraint {

        private final int[] tokens;
        private final Optional<TokenConstraint> form;
        private final Duration pause;
        private int next;

        Held(int[] tokens, Optional<TokenConstraint> form, Duration pause) {
            this.tokens = tokens;
            this.form = form;
            this.pause = pause;
        }

        @Override
        public BitSet allowed() {
            LockSupport.parkNanos(pause.toNanos());
            BitSet one = new BitSet();
            if (next < tokens.length) {
                int token = tokens[next];
                if (form.isPresent() && !form.get().allowed().get(token)) {
                    throw new IllegalStateException("token " + next + " of the answer breaks the form");
                }
                one.set(token);
            }
            return one;
        }

        @Override
        public boolean mayEnd() {
            return next == tokens.length && form.map(TokenConstraint::mayEnd).orElse(true);
        }

        @Override
        public void accept(int token) {
            form.ifPresent(constraint -> constraint.accept(token));
            next++;
        }
    }
}
