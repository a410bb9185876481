package com.example.langchain4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.langchain4j.data.segment.TextSegment;
import io.qk256.langchain4j.LocalModel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Runs the program on small models, which know nothing: what it does is tested, not what it says. */
class MainIT {

    @Test
    void answersFromDocuments() throws IOException {
        PrintStream before = System.out;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
        try {
            Main.main(new String[] {
                System.getProperty("chat"),
                System.getProperty("embedding"),
                System.getProperty("documents"),
                "When does the library open?"
            });
        } finally {
            System.setOut(before);
        }
        assertFalse(out.toString(StandardCharsets.UTF_8).isBlank());
    }

    @Test
    void theSameTextIsTheNearest() throws IOException {
        try (LocalModel embedding = LocalModel.open(Path.of(System.getProperty("embedding")))) {
            List<TextSegment> texts = List.of(TextSegment.from("one"), TextSegment.from("two"), TextSegment.from("three"));
            assertEquals("two", Main.nearest(embedding.embeddingModel(), texts, "two").getFirst().text());
        }
    }
}
