package io.qk256.app.commands;

import io.qk256.app.check.DemoModel;
import io.qk256.gguf.GgufFile;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.GgufValue;
import io.qk256.gguf.GgufWriter;
import io.qk256.spi.support.OutputFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Predicate;

/** Modified copies of the embedded model. */
final class HostileFile {

    /** Text that a terminal would obey and that is longer than its line. */
    static final String TEXT = "a\u001b]0;owned\u0007\u001b[2J\nb\r\u202ec\u009b31m\ud83d\ude00" + "x".repeat(20_000);

    private HostileFile() {}

    /** Writes a copy with another architecture, and a key and a tensor with hostile names and values. */
    static Path withHostileNames(Path file, String architecture) throws IOException {
        GgufWriter writer = new GgufWriter();
        try (GgufFile demo = DemoModel.file()) {
            writer.text("general.architecture", architecture);
            copy(demo, writer, key -> !key.equals("general.architecture"));
            writer.text("general.name", TEXT);
            GgufTensor first = demo.tensors().iterator().next();
            writer.tensor(name(), first.type(), first.dims(), first.data());
            writer.write(OutputFile.of(file));
        }
        return file;
    }

    /** A tensor name of the characters that readers let pass. */
    static String name() {
        return "a\u202eb\u2028c\ud83d\ude00";
    }

    /** Writes a copy without the tokenizer keys, and so without a vocabulary. */
    static Path withoutVocabulary(Path file) throws IOException {
        GgufWriter writer = new GgufWriter();
        try (GgufFile demo = DemoModel.file()) {
            copy(demo, writer, key -> !key.startsWith("tokenizer."));
            writer.write(OutputFile.of(file));
        }
        return file;
    }

    private static void copy(GgufFile demo, GgufWriter writer, Predicate<String> wanted) {
        for (GgufValue value : demo.metadata().values()) {
            if (wanted.test(value.key()) && !value.key().equals("general.name")) {
                writer.copy(value);
            }
        }
        demo.tensors().forEach(tensor -> writer.tensor(tensor.name(), tensor.type(), tensor.dims(), tensor.data()));
    }
}
