package io.qk256.langchain4j;

import io.qk256.gguf.GgufException;
import io.qk256.llm.generation.TokenConstraint;
import io.qk256.llm.serving.CompletionEnd;
import io.qk256.llm.serving.CompletionListener;
import io.qk256.llm.serving.CompletionRequest;
import io.qk256.llm.serving.FinishReason;
import io.qk256.llm.serving.Handle;
import io.qk256.llm.serving.TextPiece;
import io.qk256.llm.serving.Usage;
import io.qk256.llm.text.ChatTemplate;
import io.qk256.llm.text.Tokenizer;
import io.qk256.testing.Fixtures;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/** A model that knows its answers by heart. What does not keep a constraint is an error. */
final class Scripted implements Backend {

    static final String NAME = "scripted";

    private static final String TEMPLATE = """
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

    private static final String WEATHER = call("getWeather", "{\"city\":\"Munich\"}");

    /** The first whose key is contained in the prompt, from the last user's message on. */
    private static final Map<String, String> ANSWERS = new LinkedHashMap<>();

    static {
        ANSWERS.put("14:35", "It is sunny in Munich, and 14:35 in France.");
        ANSWERS.put("10:14", "It is 10:14.");
        ANSWERS.put("[tool] sunny", "It is sunny in Munich.");
        ANSWERS.put("time in France", WEATHER + "\n" + call("getTime", "{\"country\":\"France\"}"));
        ANSWERS.put("time now", call("get_current_time", "{}"));
        ANSWERS.put("weather in Munich", WEATHER);
        ANSWERS.put("I live in Munich", WEATHER);
        ANSWERS.put("single 'city' field", "{\"city\": \"Berlin\"}");
        ANSWERS.put("How much is", "The capital of Germany is Berlin, and 2 + 2 is 4, as everybody knows.");
        ANSWERS.put("capital of Germany", "The capital of Germany is Berlin.");
        ANSWERS.put("I love you", "Ich liebe dich");
        ANSWERS.put("favorite color", "Your favorite color is green.");
        ANSWERS.put("Hello World", "Hello World");
        ANSWERS.put("long story", "Once upon a time there was an animal. ".repeat(40));
        ANSWERS.put("", "Hello.");
    }

    private final Tokenizer tokenizer = demo();
    private final ChatTemplate template = ChatTemplate.ofSource(TEMPLATE, tokenizer);

    private static Tokenizer demo() {
        try (var file = Fixtures.demo()) {
            return Tokenizer.of(file);
        } catch (GgufException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String call(String name, String arguments) {
        return "<tool_call>\n{\"name\": \"" + name + "\", \"arguments\": " + arguments + "}\n</tool_call>";
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Tokenizer tokenizer() {
        return tokenizer;
    }

    @Override
    public ChatTemplate template() {
        return template;
    }

    @Override
    public Handle submit(CompletionRequest request, CompletionListener listener) {
        AtomicBoolean cancelled = new AtomicBoolean();
        Thread.ofVirtual().start(() -> {
            try {
                listener.finished(write(request, listener, cancelled));
            } catch (RuntimeException | Error e) {
                listener.failed(e);
            }
        });
        return new Handle() {
            @Override
            public void cancel() {
                cancelled.set(true);
            }

            @Override
            public boolean isDone() {
                return false;
            }
        };
    }

    private CompletionEnd write(CompletionRequest request, CompletionListener listener, AtomicBoolean cancelled) {
        String prompt = tokenizer.decode(request.prompt());
        String asked = prompt.substring(Math.max(0, prompt.lastIndexOf("[user]")));
        String answer = ANSWERS.entrySet().stream()
                .filter(entry -> asked.contains(entry.getKey()))
                .findFirst()
                .orElseThrow()
                .getValue();
        if (request.constraint().isPresent() && !mayWrite(request.constraint().get(), answer)) {
            answer = asked.contains("[tool] sunny") ? "{\"weather\": \"sunny\"}" : "{\"city\": \"Berlin\"}";
        }
        FinishReason reason = FinishReason.COMPLETE;
        for (String stop : request.stop()) {
            int at = answer.indexOf(stop);
            if (at >= 0) {
                answer = answer.substring(0, at);
                reason = FinishReason.STOP_STRING;
            }
        }
        int written = 0;
        for (int token : tokenizer.encode(answer, false, false)) {
            if (cancelled.get() || written == request.maxTokens()) {
                reason = cancelled.get() ? FinishReason.CANCELLED : FinishReason.LIMIT;
                break;
            }
            request.constraint().ifPresent(constraint -> constraint.accept(token));
            listener.text(new TextPiece(tokenizer.decode(token), List.of()));
            written++;
        }
        return new CompletionEnd(
                reason,
                Optional.empty(),
                new Usage(request.prompt().length, 0, written, 0),
                Duration.ZERO,
                Duration.ZERO,
                Duration.ZERO);
    }

    private boolean mayWrite(TokenConstraint constraint, String answer) {
        return constraint.allowed().get(tokenizer.encode(answer, false, false)[0]);
    }
}
