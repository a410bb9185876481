package io.qk256.langchain4j;

import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.common.AbstractStreamingChatModelIT;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import java.util.List;
import org.mockito.InOrder;

/**
 * LangChain4j's own tests of chat models that stream, on answers that are known. Turned off are those of
 * {@link ScriptedChatModelTest}, and partial calls of tools: calls are complete when they are told.
 */
class ScriptedStreamingChatModelTest extends AbstractStreamingChatModelIT {

    private static final Backend BACKEND = new Scripted();

    @Override
    protected List<StreamingChatModel> models() {
        return List.of(createModelWith(ChatRequestParameters.builder().build()));
    }

    @Override
    protected StreamingChatModel createModelWith(ChatRequestParameters parameters) {
        return new LocalStreamingChatModel(new Chat(BACKEND, parameters), List.of());
    }

    @Override
    public StreamingChatModel createModelWith(ChatModelListener listener) {
        return new LocalStreamingChatModel(
                new Chat(BACKEND, ChatRequestParameters.builder().build()), List.of(listener));
    }

    /** There are no parameters beyond the common ones. */
    @Override
    protected ChatRequestParameters createIntegrationSpecificParameters(int maxOutputTokens) {
        return ChatRequestParameters.builder().maxOutputTokens(maxOutputTokens).build();
    }

    @Override
    protected void verifyToolCallbacks(StreamingChatResponseHandler handler, InOrder order, String id) {
        order.verify(handler).onCompleteToolCall(complete(0, id, "getWeather", "{\"city\":\"Munich\"}"));
    }

    @Override
    protected void verifyToolCallbacks(
            StreamingChatResponseHandler handler, InOrder order, String first, String second) {
        verifyToolCallbacks(handler, order, first);
        order.verify(handler).onCompleteToolCall(complete(1, second, "getTime", "{\"country\":\"France\"}"));
    }

    @Override
    protected boolean supportsPartialToolStreaming(StreamingChatModel model) {
        return false;
    }

    /** Its test waits half a minute for nothing to come; {@link LocalModelTest} has a shorter one. */
    @Override
    protected boolean supportsStreamingCancellation() {
        return System.getProperty("qk256.tests", "").equals("all");
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
