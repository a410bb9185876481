package com.example.langchain4j;

import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.store.embedding.CosineSimilarity;
import io.qk256.langchain4j.LocalModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Answers a question from a directory of texts: the nearest texts by embeddings, then an answer from these. Everything
 * happens in this process.
 */
public final class Main {

    private static final int NEAREST = 2;

    private Main() {}

    public static void main(String[] args) throws IOException {
        if (args.length != 4) {
            System.err.println("expected: CHAT-MODEL.gguf EMBEDDING-MODEL.gguf DIRECTORY QUESTION");
            System.exit(2);
        }
        try (LocalModel chat = LocalModel.open(Path.of(args[0]));
                LocalModel embedding = LocalModel.open(Path.of(args[1]))) {
            System.out.println(answer(chat.chatModel(), embedding.embeddingModel(), texts(Path.of(args[2])), args[3]));
        }
    }

    private static List<TextSegment> texts(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.sorted().map(Main::text).map(TextSegment::from).toList();
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A real application keeps the vectors in one of LangChain4j's stores. */
    static List<TextSegment> nearest(EmbeddingModel model, List<TextSegment> texts, String question) {
        Embedding asked = model.embed(question).content();
        List<Embedding> vectors = model.embedAll(texts).content();
        return Stream.iterate(0, i -> i < texts.size(), i -> i + 1)
                .sorted(Comparator.comparingDouble(i -> -CosineSimilarity.between(asked, vectors.get(i))))
                .limit(NEAREST)
                .map(texts::get)
                .toList();
    }

    private static String answer(ChatModel chat, EmbeddingModel embedding, List<TextSegment> texts, String question) {
        StringBuilder known = new StringBuilder();
        nearest(embedding, texts, question).forEach(text -> known.append("- ").append(text.text()));
        ChatRequest request = ChatRequest.builder()
                .messages(
                        SystemMessage.from("Answer in one sentence, from these texts only:\n" + known),
                        UserMessage.from(question))
                .maxOutputTokens(60)
                .build();
        return chat.chat(request).aiMessage().text();
    }
}
