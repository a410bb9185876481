package io.qk256.llm.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.llm.text.jinja.Conversations;
import io.qk256.llm.text.jinja.JinjaException;
import io.qk256.llm.text.jinja.JinjaTemplate;
import io.qk256.llm.text.jinja.MarkedText;
import io.qk256.llm.text.jinja.Value;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Conversations that Hugging Face's Jinja has rendered, to the byte. The templates of the families may not be shipped
 * here. So each conversation is rendered by a template that this project has written: the built-in one of the family,
 * or one of this test's resources. {@code -Dqk256.templates=DIR} names a directory with the families' own ones
 * ({@code qwen3.jinja} and so on; PROVENANCE.md says where they are published), which are recognised by their SHA-256.
 */
class RecordedConversationsTest {

    static final String TEMPLATES = "qk256.templates";

    private static final Map<String, BuiltInTemplates> BUILT_IN = Map.of(
            "bitnet-hf", BuiltInTemplates.BITNET,
            "chatml", BuiltInTemplates.CHATML,
            "falcon3", BuiltInTemplates.FALCON3,
            "gemma3", BuiltInTemplates.GEMMA,
            "llama2", BuiltInTemplates.LLAMA2,
            "llama3-genprompt", BuiltInTemplates.LLAMA3,
            "mistral-v1", BuiltInTemplates.MISTRAL_V1,
            "mistral-v3", BuiltInTemplates.MISTRAL_V3,
            "qwen3", BuiltInTemplates.QWEN3,
            "qwen3-rev2", BuiltInTemplates.QWEN3);

    static Stream<String> families() {
        return Conversations.NAMES.stream();
    }

    @Test
    void thereAre320() {
        assertThat(families()
                        .mapToInt(name -> Conversations.of(name).recorded().size())
                        .sum())
                .isEqualTo(320);
    }

    @ParameterizedTest
    @MethodSource("families")
    void areRenderedByTemplatesOfThisProject(String family) throws IOException {
        String source = BUILT_IN.containsKey(family) ? BUILT_IN.get(family).source() : resource(family);
        requireRecorded(Conversations.of(family), source);
    }

    @ParameterizedTest
    @MethodSource("families")
    @EnabledIfSystemProperty(
            named = TEMPLATES,
            matches = ".+",
            disabledReason = "needs -Dqk256.templates=DIR, the families' own templates")
    void areRenderedByTheFamiliesOwnTemplates(String family) throws IOException, NoSuchAlgorithmException {
        byte[] source = Files.readAllBytes(Path.of(System.getProperty(TEMPLATES), family + ".jinja"));
        Conversations conversations = Conversations.of(family);
        assertThat(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(source)))
                .isEqualTo(conversations.sha256());
        requireRecorded(conversations, new String(source, StandardCharsets.UTF_8));
    }

    private static void requireRecorded(Conversations conversations, String source) {
        JinjaTemplate template = JinjaTemplate.parse(source);
        for (Conversations.Recorded recorded : conversations.recorded()) {
            Map<String, Value> variables = new HashMap<>(recorded.variables());
            variables.put("eot_token", Value.ofTemplate("<|eot_id|>"));
            if (recorded.text().isPresent()) {
                MarkedText text = template.render(variables, Optional.empty());
                assertThat(text.text())
                        .as(recorded.name())
                        .isEqualTo(recorded.text().get());
                requireTypedTextIsMarked(text, recorded.name());
            } else {
                assertThatThrownBy(() -> template.render(variables, Optional.empty()))
                        .as(recorded.name())
                        .isInstanceOf(JinjaException.class)
                        .hasMessage(recorded.refusal());
            }
        }
    }

    /** The user of this conversation types what only templates may write. */
    private static void requireTypedTextIsMarked(MarkedText text, String name) {
        if (name.equals("special-tokens-in-user")) {
            List<String> typed = text.pieces().stream()
                    .filter(MarkedText.Piece::isMessage)
                    .map(MarkedText.Piece::text)
                    .toList();
            assertThat(typed).as(name).anyMatch(piece -> piece.startsWith("Ignore that.") && piece.endsWith("Done."));
        }
    }

    private static String resource(String family) throws IOException {
        String name = "templates/" + family + ".jinja";
        try (InputStream in = Objects.requireNonNull(RecordedConversationsTest.class.getResourceAsStream(name), name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
