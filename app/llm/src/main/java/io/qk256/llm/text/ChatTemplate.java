package io.qk256.llm.text;

import io.qk256.llm.text.jinja.JinjaException;
import io.qk256.llm.text.jinja.JinjaTemplate;
import io.qk256.llm.text.jinja.MarkedText;
import io.qk256.llm.text.jinja.Value;
import io.qk256.spi.support.UserError;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * Encodes a conversation for a model, so that it answers. Immutable and thread-safe.
 *
 * <p>A file's own template, {@code tokenizer.chat_template}, is run by an interpreter of the part of Jinja that chat
 * templates use. For a file without one, {@code <|eot_id|>} in the vocabulary tells the template that BitNet
 * b1.58 2B-4T was trained with (microsoft/bitnet-b1.58-2B-4T, tokenizer_config.json): for each message
 * {@code Role: content<|eot_id|>}, and {@code Assistant: } for the answer. The template that stands in Microsoft's GGUF
 * file of that model is a placeholder of its converter, so it is replaced by the same. {@link #builtIn} chooses a
 * template by name instead.
 *
 * <p>Any other model only continues text. For such a model the conversation is plain text: an answer continues the
 * message before it, every other message starts a new paragraph, and roles are not written.
 *
 * <p>Marks written out in messages stay text: nobody can end a turn, or speak as another, by typing
 * {@code <|eot_id|>}. Only what the template itself writes becomes marks. Templates come from files that nobody has
 * checked; one that takes too many steps, too much memory or too deep a nesting is stopped.
 */
public final class ChatTemplate {

    private static final String BETWEEN_PARAGRAPHS = "\n\n";

    /** In the template that Microsoft's converter writes into every file, whatever the model. */
    private static final String PLACEHOLDER = "BITNETAssistant: ";

    /** BitNet b1.58 2B-4T has the vocabulary of LLaMA 3. */
    private static final String LLAMA3_END_OF_TURN = "<|eot_id|>";

    private static final String THINKING = "enable_thinking";
    private static final int MAX_REFUSAL = 500;

    private final Tokenizer tokenizer;
    private final Optional<Turns> turns;
    private final Optional<Boolean> thinks;

    private ChatTemplate(Tokenizer tokenizer, Optional<Turns> turns, Optional<Boolean> thinks) {
        this.tokenizer = tokenizer;
        this.turns = turns;
        this.thinks = thinks;
    }

    /** A template that can be run, and where it comes from. */
    private record Turns(String name, String source, JinjaTemplate template) {

        static Turns of(String name, String source) {
            try {
                return new Turns(name, source, JinjaTemplate.parse(source));
            } catch (JinjaException e) {
                throw cannotRun(name, e);
            }
        }

        /** Only what a template says about tools shows that it takes them. */
        Optional<ToolFormat> toolFormat() {
            return source.contains("tools") ? ToolFormat.of(source) : Optional.empty();
        }

        static Turns of(BuiltInTemplates template) {
            return of("template " + template.label(), template.source());
        }
    }

    /**
     * The template that fits the model.
     *
     * @throws UserError if the file has a template that cannot be run here; the message says why, and what to choose
     */
    public static ChatTemplate of(Tokenizer tokenizer) {
        Optional<String> own = tokenizer.chatTemplate();
        boolean isBitNet = tokenizer.endOfTurn().stream()
                        .anyMatch(mark -> tokenizer.describe(mark).equals(LLAMA3_END_OF_TURN))
                && own.map(source -> source.contains(PLACEHOLDER)).orElse(true);
        if (isBitNet) {
            return new ChatTemplate(tokenizer, Optional.of(Turns.of(BuiltInTemplates.BITNET)), Optional.empty());
        }
        return new ChatTemplate(
                tokenizer, own.map(source -> Turns.of("the file's chat template", source)), Optional.empty());
    }

    /**
     * A template that is chosen by name, whatever the file has.
     *
     * @param name one of {@link #builtInNames}
     * @throws UserError if there is none of this name, or the vocabulary lacks a mark that it writes
     */
    public static ChatTemplate builtIn(String name, Tokenizer tokenizer) {
        BuiltInTemplates template = BuiltInTemplates.of(name);
        template.requireMarks(tokenizer);
        return new ChatTemplate(tokenizer, Optional.of(Turns.of(template)), Optional.empty());
    }

    /**
     * A template that the caller has written.
     *
     * @param source Jinja, as in a model's file
     * @throws UserError if it cannot be run here
     */
    public static ChatTemplate ofSource(String source, Tokenizer tokenizer) {
        return new ChatTemplate(tokenizer, Optional.of(Turns.of("the chat template", source)), Optional.empty());
    }

    /**
     * Checks a name before a model is loaded.
     *
     * @throws UserError if there is no such template
     */
    public static void requireBuiltIn(String name) {
        BuiltInTemplates.of(name);
    }

    /** The names of the templates that can be chosen. */
    public static List<String> builtInNames() {
        return BuiltInTemplates.labels();
    }

    /**
     * The same template, with the model's thinking switched on or off.
     *
     * @throws UserError if the template has no such switch
     */
    public ChatTemplate withThinking(boolean on) {
        if (turns.isEmpty() || !turns.get().source().contains(THINKING)) {
            throw new UserError(turns.map(Turns::name).orElse("this model") + " cannot switch thinking on or off");
        }
        return new ChatTemplate(tokenizer, turns, Optional.of(on));
    }

    /** Whether the model has turns; if not, it continues the text of the conversation. */
    public boolean hasTurns() {
        return turns.isPresent();
    }

    /** Whether what the system says reaches the model: some templates leave it out, or refuse it. */
    public boolean takesSystemText() {
        String probe = "0f1e2d3c";
        try {
            return text(List.of(
                            new ChatMessage(ChatMessage.Role.SYSTEM, probe),
                            new ChatMessage(ChatMessage.Role.USER, "Hi")))
                    .contains(probe);
        } catch (UserError e) {
            return false;
        }
    }

    /**
     * The tokens of a conversation so far, up to where the assistant's answer begins. The same messages give the same
     * tokens.
     *
     * @throws UserError if the template refuses these messages, for example two questions in a row, or cannot be run
     */
    public int[] encode(List<ChatMessage> messages) {
        return encode(messages, List.of());
    }

    /**
     * The tokens of a conversation in which the model may call tools.
     *
     * @throws UserError as {@link #encode(List)}; also if there are tools, or results of tools, and the template takes
     *     none
     */
    public int[] encode(List<ChatMessage> messages, List<Tool> tools) {
        requireTools(messages, tools);
        if (turns.isEmpty()) {
            return tokenizer.encode(paragraphs(messages), tokenizer.addsBeginOfText(), false);
        }
        MarkedText rendered = render(turns.get(), messages, tools);
        int[] tokens = tokenizer.encode(rendered.text(), rendered::isTemplate);
        OptionalInt begin = tokenizer.beginOfText();
        boolean hasBegin = tokens.length > 0 && begin.equals(OptionalInt.of(tokens[0]));
        return tokenizer.addsBeginOfText() && !hasBegin
                ? IntStream.concat(begin.stream(), IntStream.of(tokens)).toArray()
                : tokens;
    }

    /**
     * The conversation as the model sees it, marks by their names, for display: without the begin of text, unless the
     * template writes it.
     *
     * @throws UserError as {@link #encode}
     */
    public String text(List<ChatMessage> messages) {
        return text(messages, List.of());
    }

    /**
     * The conversation as the model sees it, for display.
     *
     * @throws UserError as {@link #encode(List, List)}
     */
    public String text(List<ChatMessage> messages, List<Tool> tools) {
        requireTools(messages, tools);
        return turns.isEmpty()
                ? paragraphs(messages)
                : render(turns.get(), messages, tools).text();
    }

    /** Whether tools can be offered, and calls of them recognized. */
    public boolean takesTools() {
        return turns.isPresent() && turns.get().toolFormat().isPresent();
    }

    /**
     * How the model writes calls of tools.
     *
     * @throws UserError if the template takes none
     */
    public ToolFormat toolFormat() {
        return turns.flatMap(Turns::toolFormat)
                .orElseThrow(() -> new UserError(turns.map(Turns::name).orElse("this model")
                        + " takes no tools; use a model whose chat template does, such as one of the Qwen3 family"));
    }

    private void requireTools(List<ChatMessage> messages, List<Tool> tools) {
        boolean usesTools = !tools.isEmpty()
                || messages.stream()
                        .anyMatch(message -> message.role() == ChatMessage.Role.TOOL
                                || !message.toolCalls().isEmpty());
        if (usesTools) {
            toolFormat();
        }
    }

    private MarkedText render(Turns of, List<ChatMessage> messages, List<Tool> tools) {
        Map<String, Value> variables = new HashMap<>();
        if (!tools.isEmpty()) {
            variables.put(
                    "tools",
                    new Value.Sequence(tools.stream().map(TemplateValues::of).toList()));
        }
        variables.put("messages", new Value.Sequence(TemplateValues.of(messages)));
        variables.put("add_generation_prompt", Value.Bool.TRUE);
        tokenizer.beginOfText().ifPresent(begin -> variables.put("bos_token", mark(begin)));
        variables.put("eos_token", mark(tokenizer.endOfText()));
        variables.put("eot_token", mark(tokenizer.endOfTurn().orElse(tokenizer.endOfText())));
        thinks.ifPresent(on -> variables.put(THINKING, Value.Bool.of(on)));
        try {
            return of.template().render(variables, Optional.empty());
        } catch (JinjaException e) {
            throw cannotRun(of.name(), e);
        }
    }

    private Value mark(int token) {
        return Value.ofTemplate(tokenizer.describe(token));
    }

    private static UserError cannotRun(String name, JinjaException cause) {
        String reason = cause.getMessage();
        if (cause.isRefusal()) {
            return new UserError(
                    name + " refuses this conversation: "
                            + (reason.length() > MAX_REFUSAL ? reason.substring(0, MAX_REFUSAL) + "..." : reason),
                    cause);
        }
        return new UserError(
                name + " cannot be run: " + reason + "; choose a built-in one with --template NAME ("
                        + String.join(", ", builtInNames()) + "), or continue plain text with --raw",
                cause);
    }

    private static String paragraphs(List<ChatMessage> messages) {
        StringBuilder text = new StringBuilder();
        for (ChatMessage message : messages) {
            if (!text.isEmpty() && message.role() != ChatMessage.Role.ASSISTANT) {
                text.append(BETWEEN_PARAGRAPHS);
            }
            text.append(message.content());
        }
        return text.toString();
    }
}
