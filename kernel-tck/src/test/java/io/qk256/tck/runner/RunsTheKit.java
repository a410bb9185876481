package io.qk256.tck.runner;

import io.qk256.tck.Rule;
import io.qk256.tck.Rules;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;

/** Runs the kit on kernels in their own modules, as its users do. */
abstract class RunsTheKit {

    @TempDir
    Path directory;

    record Result(int exit, String out, String err) {}

    static Result run(Object... arguments) throws InterruptedException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int exit = TckMain.run(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                Arrays.stream(arguments).map(Object::toString).toArray(String[]::new));
        return new Result(exit, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    Result run(OutsideKernel kernel, List<String> options) throws IOException, InterruptedException {
        List<Object> arguments = new ArrayList<>(List.of("--provider", "outside"));
        arguments.addAll(List.of("--module-path", kernel.compile(directory)));
        arguments.addAll(options);
        arguments.addAll(List.of("--jvm-option", "-XX:TieredStopAtLevel=1")); // Each JVM lives for a second.
        return run(arguments.toArray());
    }

    static int number(String rule) {
        return Rules.all().stream()
                .filter(known -> known.isOf(rule))
                .mapToInt(Rule::number)
                .findFirst()
                .orElseThrow();
    }
}
