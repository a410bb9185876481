package io.qk256.llm.text;

import io.qk256.spi.support.UserError;
import java.util.List;

/**
 * Chat templates for models whose file has none, or a wrong one. They render what the families' own templates render,
 * without tools: a test compares them with recorded conversations.
 */
enum BuiltInTemplates {
    BITNET("bitnet", List.of(), """
            {% for message in messages %}
            {{- message.role | capitalize ~ ': ' ~ message.content | trim ~ eot_token -}}
            {% endfor %}
            {{- 'Assistant: ' if add_generation_prompt -}}
            """),
    CHATML("chatml", List.of("<|im_start|>", "<|im_end|>"), """
            {% for message in messages %}
            {{- '<|im_start|>' ~ message.role ~ '\\n' ~ message.content ~ '<|im_end|>\\n' -}}
            {% endfor %}
            {{- '<|im_start|>assistant\\n' if add_generation_prompt -}}
            """),
    FALCON3("falcon3", List.of(), """
            {% for message in messages %}
            {{- '<|' ~ message.role ~ '|>\\n' ~ message.content -}}
            {{- eos_token if message.role == 'assistant' -}}
            {{- '\\n' if message.role != 'assistant' or not loop.last -}}
            {% endfor %}
            {{- '<|assistant|>\\n' if add_generation_prompt -}}
            """),
    GEMMA("gemma", List.of("<start_of_turn>", "<end_of_turn>"), """
            {% set ns = namespace(prefix='', turns=messages) %}
            {% if messages[0].role == 'system' %}
            {% set ns.prefix = messages[0].content ~ '\\n\\n' %}
            {% set ns.turns = messages[1:] %}
            {% endif %}
            {{- bos_token -}}
            {% for message in ns.turns %}
            {% if (message.role == 'user') != (loop.index % 2 == 1) %}
            {{- raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}
            {% endif %}
            {{- '<start_of_turn>' ~ ('model' if message.role == 'assistant' else message.role) ~ '\\n' -}}
            {{- ns.prefix if loop.first -}}
            {{- message.content | trim ~ '<end_of_turn>\\n' -}}
            {% endfor %}
            {{- '<start_of_turn>model\\n' if add_generation_prompt -}}
            """),
    LLAMA2("llama2", List.of(), """
            {% set ns = namespace(prefix='', turns=messages) %}
            {% if messages[0].role == 'system' %}
            {% set ns.prefix = '<<SYS>>\\n' ~ messages[0].content ~ '\\n<</SYS>>\\n\\n' %}
            {% set ns.turns = messages[1:] %}
            {% endif %}
            {% for message in ns.turns %}
            {% if (message.role == 'user') != (loop.index % 2 == 1) %}
            {{- raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}
            {% endif %}
            {% set content = ((ns.prefix if loop.first) ~ message.content).strip() %}
            {% if message.role == 'user' %}
            {{- bos_token ~ '[INST] ' ~ content ~ ' [/INST]' -}}
            {% else %}
            {{- ' ' ~ content ~ ' ' ~ eos_token -}}
            {% endif %}
            {% endfor %}
            """),
    LLAMA3("llama3", List.of("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"), """
            {{- bos_token -}}
            {% for message in messages %}
            {{- '<|start_header_id|>' ~ message.role ~ '<|end_header_id|>\\n\\n' -}}
            {{- message.content | trim ~ '<|eot_id|>' -}}
            {% endfor %}
            {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' if add_generation_prompt -}}
            """),
    MISTRAL_V1("mistral-v1", List.of(), mistral(" [INST] ", " [/INST]", "loop.first", "message.content")),
    MISTRAL_V3("mistral-v3", List.of(), mistral("[INST] ", "[/INST]", "loop.last", "message.content | trim")),
    QWEN3("qwen3", List.of("<|im_start|>", "<|im_end|>"), """
            {% set ns = namespace(question=messages | length) %}
            {% for message in messages %}
            {% set text = message.content %}
            {% if message.role == 'user'
                    and not (text.startswith('<tool_response>') and text.endswith('</tool_response>')) %}
            {% set ns.question = loop.index0 %}
            {% endif %}
            {% endfor %}
            {% for message in messages %}
            {% set text = message.content %}
            {% if message.role == 'assistant' %}
            {% set thoughts = message.reasoning_content | default('') %}
            {% if message.reasoning_content is undefined and '</think>' in text %}
            {% set thoughts = text.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
            {% set text = text.split('</think>')[-1].lstrip('\\n') %}
            {% endif %}
            {% if loop.index0 > ns.question and (loop.last or thoughts) %}
            {% set text = '<think>\\n' ~ thoughts.strip('\\n') ~ '\\n</think>\\n\\n' ~ text.lstrip('\\n') %}
            {% endif %}
            {% endif %}
            {{- '<|im_start|>' ~ message.role ~ '\\n' ~ text ~ '<|im_end|>\\n' -}}
            {% endfor %}
            {% if add_generation_prompt %}
            {{- '<|im_start|>assistant\\n' -}}
            {{- '<think>\\n\\n</think>\\n\\n' if enable_thinking is false -}}
            {% endif %}
            """);

    private final String label;

    @SuppressWarnings("ImmutableEnumChecker") // Made by List.of.
    private final List<String> marks;

    private final String source;

    /** @param marks that a vocabulary must have */
    BuiltInTemplates(String label, List<String> marks, String source) {
        this.label = label;
        this.marks = marks;
        this.source = source;
    }

    private static String mistral(String begin, String end, String systemIf, String answer) {
        return """
               {% set turns = messages[1:] if messages[0].role == 'system' else messages %}
               {% for message in turns %}
               {% if (message.role == 'user') != (loop.index % 2 == 1) %}
               {{- raise_exception('After the optional system message, conversation roles must alternate \
               user/assistant/user/assistant/...') }}
               {% endif %}
               {% endfor %}
               {{- bos_token -}}
               {% for message in turns %}
               {% if message.role == 'user' %}
               {{- 'BEGIN' -}}
               {{- messages[0].content ~ '\\n\\n' if SYSTEM_IF and messages[0].role == 'system' -}}
               {{- message.content ~ 'END' -}}
               {% else %}
               {{- ' ' ~ ANSWER ~ eos_token -}}
               {% endif %}
               {% endfor %}
               """.replace("BEGIN", begin)
                .replace("END", end)
                .replace("SYSTEM_IF", systemIf)
                .replace("ANSWER", answer);
    }

    static List<String> labels() {
        return List.of(values()).stream().map(BuiltInTemplates::label).toList();
    }

    /** @throws UserError if there is none of this name */
    static BuiltInTemplates of(String label) {
        for (BuiltInTemplates template : values()) {
            if (template.label.equals(label)) {
                return template;
            }
        }
        throw new UserError("chat template '" + label + "', expected one of " + String.join(", ", labels()));
    }

    String label() {
        return label;
    }

    String source() {
        return source;
    }

    /** @throws UserError if the vocabulary lacks a mark, which would be written as text then */
    void requireMarks(Tokenizer tokenizer) {
        for (String mark : marks) {
            if (tokenizer.findMark(mark).isEmpty()) {
                throw new UserError("template " + label + " needs the token " + mark
                        + ", which this model does not have; choose another one of " + String.join(", ", labels()));
            }
        }
    }
}
