package io.qk256.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.qk256.server.http.Limits;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Random requests, and what each gets alone: from a server that computes one request at a time, and its prompt at once. */
record Questions(List<Question> all) {

    private static final String SCHEMA =
            "{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"it\",\"schema\":{\"type\":\"object\",\"properties\":"
                    + "{\"n\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":99},\"ok\":{\"type\":\"boolean\"}},"
                    + "\"required\":[\"n\",\"ok\"],\"additionalProperties\":false}}}";

    private static final String[] BEGINNINGS = {
        "Once upon a time", "There was once a king who had three sons", "A wolf", "The fox said to the cat",
    };

    /**
     * A request.
     *
     * @param body its JSON, without the last brace
     * @param alone what it gets: {@code choices}, or the {@code data} of vectors
     */
    record Question(String path, String body, JsonArray alone) {

        static final String CHAT = "/v1/chat/completions";
        static final String VECTORS = "/v1/embeddings";

        boolean isChat() {
            return path.equals(CHAT);
        }

        String whole() {
            return body + "}";
        }

        String streamed() {
            return body + ",\"stream\":true}";
        }

        /** The parts that a stream has too, of a choice: its text, and why it ends. */
        String textAndEnd(int choice) {
            JsonObject json = alone.get(choice).getAsJsonObject();
            return json.getAsJsonObject("message").get("content").getAsString()
                    + '|'
                    + json.get("finish_reason").getAsString();
        }
    }

    static Questions random(SplittableRandom random, int count) {
        List<Question> all = new ArrayList<>();
        try (TestServer alone = TestServer.start(
                ServerOptions.usual(),
                Limits.usual(),
                options -> options.withParallel(1).withContext(LoadTest.CONTEXT).withPromptPiece(LoadTest.CONTEXT))) {
            for (int i = 0; i < count; i++) {
                boolean vectors = i % 8 == 7;
                String path = vectors ? Question.VECTORS : Question.CHAT;
                String body = vectors ? "{\"input\":[\"" + text(random) + "\",\"A fox\"]" : chat(random);
                LoadClient.Answer answer = LoadClient.post(alone.port(), path, body + "}");
                assertThat(answer.status()).as(body + answer.body()).isEqualTo(200);
                all.add(new Question(path, body, answer(answer.body(), path)));
            }
        }
        return new Questions(all);
    }

    static JsonArray answer(String body, String path) {
        JsonElement json = JsonParser.parseString(body);
        return json.getAsJsonObject().getAsJsonArray(path.equals(Question.VECTORS) ? "data" : "choices");
    }

    private static String text(SplittableRandom random) {
        String text = BEGINNINGS[random.nextInt(BEGINNINGS.length)];
        int more = random.nextInt(3) == 0 ? random.nextInt(60) : 0;
        return text + " and a fox".repeat(more / 2) + " and a king".repeat(more - more / 2);
    }

    private static String chat(SplittableRandom random) {
        StringBuilder body =
                new StringBuilder("{\"messages\":[{\"role\":\"user\",\"content\":\"" + text(random) + "\"}]");
        body.append(",\"seed\":").append(random.nextInt(1000));
        body.append(",\"temperature\":").append(random.nextInt(4) / 2.0);
        body.append(",\"max_tokens\":").append(1 + random.nextInt(40));
        body.append(",\"truncation\":\"")
                .append(random.nextBoolean() ? "auto" : "disabled")
                .append('"');
        switch (random.nextInt(6)) {
            case 0 -> body.append(",\"n\":").append(2 + random.nextInt(2));
            case 1 -> body.append(",\"logprobs\":true,\"top_logprobs\":2");
            case 2 -> body.append(",\"response_format\":").append(SCHEMA);
            case 3 -> body.append(",\"stop\":[\"e\",\" the\"],\"frequency_penalty\":0.5");
            case 4 -> body.append(",\"top_p\":0.9,\"min_p\":0.05,\"presence_penalty\":1");
            default -> {
                // As usual.
            }
        }
        return body.toString();
    }
}
