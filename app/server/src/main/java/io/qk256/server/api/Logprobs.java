package io.qk256.server.api;

import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.qk256.llm.serving.ChosenToken;
import io.qk256.llm.serving.TokenLogprob;
import io.qk256.llm.text.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Log probabilities, as the two kinds of completions show them. */
final class Logprobs {

    /** What OpenAI's protocol has for a probability too small to tell. */
    private static final double LEAST = -9999;

    private final Tokenizer tokenizer;

    Logprobs(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /** Of a part of an answer to a conversation. */
    JsonObject ofChat(List<ChosenToken> tokens) {
        JsonArray content = new JsonArray();
        for (ChosenToken token : tokens) {
            JsonObject json = entry(token.token(), token.logprob());
            JsonArray top = new JsonArray();
            token.top().forEach(other -> top.add(entry(other.token(), other.logprob())));
            json.add("top_logprobs", top);
            content.add(json);
        }
        JsonObject json = new JsonObject();
        json.add("content", content);
        json.add("refusal", JsonNull.INSTANCE);
        return json;
    }

    private JsonObject entry(int token, double logprob) {
        JsonObject json = new JsonObject();
        json.addProperty("token", text(token));
        json.addProperty("logprob", finite(logprob));
        JsonArray bytes = new JsonArray();
        for (byte b : tokenizer.textBytes(token)) {
            bytes.add(b & 0xff);
        }
        json.add("bytes", bytes);
        return json;
    }

    /** Of a part of a text. The offset of a token is that of {@link ChosenToken#begin}. */
    JsonObject ofText(List<ChosenToken> tokens) {
        JsonArray texts = new JsonArray();
        JsonArray logprobs = new JsonArray();
        JsonArray tops = new JsonArray();
        JsonArray offsets = new JsonArray();
        for (ChosenToken token : tokens) {
            texts.add(text(token.token()));
            logprobs.add(finite(token.logprob()));
            JsonObject top = new JsonObject();
            for (TokenLogprob other : token.top()) {
                top.addProperty(text(other.token()), finite(other.logprob()));
            }
            tops.add(top);
            offsets.add(token.begin());
        }
        JsonObject json = new JsonObject();
        json.add("tokens", texts);
        json.add("token_logprobs", logprobs);
        json.add("top_logprobs", tops);
        json.add("text_offset", offsets);
        return json;
    }

    /** The text of a token; an incomplete character becomes U+FFFD, the bytes beside it are exact. */
    private String text(int token) {
        byte[] bytes = tokenizer.textBytes(token);
        return bytes.length == 0 ? tokenizer.describe(token) : new String(bytes, StandardCharsets.UTF_8);
    }

    private static double finite(double logprob) {
        return Math.max(logprob, LEAST);
    }
}
