package io.qk256.app.commands;

import io.qk256.app.bench.Kit;
import io.qk256.spi.support.UserError;
import java.lang.module.FindException;
import java.lang.module.ModuleFinder;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that control how tasks are measured. */
final class BenchMeasuringOptions {

    private static final int MOST_ROUNDS = 1000;
    private static final int MOST_MILLISECONDS = 60_000;

    @Option(names = "--rounds", paramLabel = "N", description = "Measure everything N times, each time in fresh JVMs.")
    private @Nullable Integer rounds;

    @Option(names = "--time", paramLabel = "MS", description = "Duration of an iteration in milliseconds.")
    private @Nullable Integer time;

    @Option(
            names = "--profile",
            paramLabel = "NAME",
            split = ",",
            description =
                    "Run with these JMH profilers (gc, stack, jfr, perf, perfasm); they report on standard error.")
    List<String> profilers = List.of();

    @Option(
            names = "--jvm-option",
            paramLabel = "OPTION",
            description = "An option for the measuring JVMs, such as -XX:-UseSuperWord; may be repeated.")
    List<String> jvmOptions = List.of();

    @Option(
            names = "--against",
            paramLabel = "OTHER",
            description = {
                "Measure in two kinds of JVM that take turns, and show the change from the other one; exit code 4 on a"
                        + " regression. OTHER is their only difference:",
                "a path (another build's lib directory, or a jar) whose modules replace those of the same"
                        + " name, or a JVM option, as in --against=-XX:-UseSuperWord."
            })
    private @Nullable String against;

    BenchMeasuringOptions() {}

    Kit.Duration duration(Kit.Duration usual) {
        int least = against == null ? 1 : 2;
        if (against != null && rounds != null && rounds == 1) {
            throw new UserError(
                    "--rounds: 1, expected 2 or more, because the two kinds of JVM of --against take turns");
        }
        return new Kit.Duration(
                rounds == null ? Math.max(least, usual.rounds()) : Limits.require("--rounds", rounds, 1, MOST_ROUNDS),
                usual.warmups(),
                usual.iterations(),
                time == null ? usual.milliseconds() : Limits.require("--time", time, 1, MOST_MILLISECONDS));
    }

    /**
     * Returns the other kind of JVM, if there is one.
     *
     * @throws UserError if it would be the same kind
     */
    Optional<String> against() {
        if (against != null && !against.startsWith("-")) {
            requireReplacement(against);
        }
        return Optional.ofNullable(against);
    }

    private static void requireReplacement(String path) {
        Set<String> names = new TreeSet<>();
        try {
            ModuleFinder.of(Path.of(path))
                    .findAll()
                    .forEach(module -> names.add(module.descriptor().name()));
        } catch (FindException | InvalidPathException e) {
            throw new UserError("--against: '" + path + "': " + e.getMessage(), e);
        }
        if (names.stream().noneMatch(name -> ModuleLayer.boot().findModule(name).isPresent())) {
            throw new UserError("--against: '" + path
                    + "', expected a directory of modules or a jar that replaces one of this build, or a JVM option;"
                    + (names.isEmpty() ? " it holds no module" : " it holds only " + String.join(", ", names)));
        }
    }
}
