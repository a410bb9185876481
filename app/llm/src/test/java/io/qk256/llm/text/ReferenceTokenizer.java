package io.qk256.llm.text;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/**
 * Hugging Face's library, {@code ai.djl.huggingface:tokenizers}. Called by reflection, because it is on the class path
 * only in the profile {@code tokenizers}: with its native code, it is too large for the usual build.
 */
final class ReferenceTokenizer implements AutoCloseable {

    private final Object tokenizer;
    private final Method encode;
    private final Method ids;

    private ReferenceTokenizer(Object tokenizer, Method encode, Method ids) {
        this.tokenizer = tokenizer;
        this.encode = encode;
        this.ids = ids;
    }

    /** Opens a {@code tokenizer.json}. */
    static ReferenceTokenizer open(Path file) throws ReflectiveOperationException {
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("OPT_OUT_TRACKING", "true");
        Class<?> type = Class.forName("ai.djl.huggingface.tokenizers.HuggingFaceTokenizer");
        Object opened = type.getMethod("newInstance", Path.class, Map.class)
                .invoke(null, file, Map.of("truncation", "false", "padding", "false"));
        return new ReferenceTokenizer(
                opened,
                type.getMethod("encode", String.class, boolean.class, boolean.class),
                Class.forName("ai.djl.huggingface.tokenizers.Encoding").getMethod("getIds"));
    }

    /** The tokens without begin and end of text; special tokens in the text become their tokens. */
    int[] encode(String text) throws ReflectiveOperationException {
        try {
            long[] tokens = (long[]) ids.invoke(encode.invoke(tokenizer, text, false, false));
            return Arrays.stream(tokens).mapToInt(Math::toIntExact).toArray();
        } catch (InvocationTargetException e) {
            throw new IllegalStateException(text, e);
        }
    }

    @Override
    public void close() throws ReflectiveOperationException {
        tokenizer.getClass().getMethod("close").invoke(tokenizer);
    }
}
