package io.qk256.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.common.AbstractChatModelIT;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import java.util.List;

/**
 * LangChain4j's own tests of chat models, on answers that are known. Those that a switch below turns off are replaced by
 * their counterparts, which require that the feature is refused:
 *
 * <ul>
 *   <li>images (4 tests), because the models of this project read text;
 *   <li>another {@code modelName} in a request (2 tests), because a model in the process is one model.
 * </ul>
 */
class ScriptedChatModelTest extends AbstractChatModelIT {

    private static final Backend BACKEND = new Scripted();

    @Override
    protected List<ChatModel> models() {
        return List.of(createModelWith(ChatRequestParameters.builder().build()));
    }

    @Override
    protected ChatModel createModelWith(ChatRequestParameters parameters) {
        return new LocalChatModel(new Chat(BACKEND, parameters), List.of());
    }

    /** There are no parameters beyond the common ones. */
    @Override
    protected ChatRequestParameters createIntegrationSpecificParameters(int maxOutputTokens) {
        assertThat(maxOutputTokens).isPositive();
        return ChatRequestParameters.builder().maxOutputTokens(maxOutputTokens).build();
    }

    @Override
    protected boolean supportsModelNameParameter() {
        return false;
    }

    @Override
    protected boolean supportsSingleImageInputAsBase64EncodedString() {
        return false;
    }

    @Override
    protected boolean supportsSingleImageInputAsPublicURL() {
        return false;
    }

    @Override
    protected boolean supportsJsonResponseFormatWithRawSchema() {
        return true;
    }
}
