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

/** The options that say how it is measured. */
final class BenchMeasuringOptions {

    @Option(names = "--rounds", paramLabel = "N", description = "Measure all so often, each time in fresh JVMs.")
    private @Nullable Integer rounds;

    @Option(names = "--time", paramLabel = "MS", description = "Duration of an iteration in milliseconds.")
    private @Nullable Integer time;

    @Option(
            names = "--profile",
            paramLabel = "NAME",
            split = ",",
            description = "Run with these JMH profilers (gc, stack, jfr, perf, perfasm), output on standard error.")
    List<String> profilers = List.of();

    @Option(
            names = "--jvm-option",
            paramLabel = "OPTION",
            description = "An option of the measuring JVMs, such as -XX:-UseSuperWord; may be repeated.")
    List<String> jvmOptions = List.of();

    @Option(
            names = "--against",
            paramLabel = "OTHER",
            description = {
                "Measure in two kinds of JVM that take turns, and show the change from the other one; exit code 4 on a"
                        + " regression. OTHER is all that differs:",
                "a path (another build's app/target/modules, or a jar) whose modules replace those of the same"
                        + " names, or a JVM option, as in --against=-XX:-UseSuperWord."
            })
    private @Nullable String against;

    BenchMeasuringOptions() {}

    Kit.Duration duration(Kit.Duration usual) {
        int least = against == null ? 1 : 2;
        return new Kit.Duration(
                atLeast(least, "--rounds", rounds, Math.max(least, usual.rounds())),
                usual.warmups(),
                usual.iterations(),
                atLeast(1, "--time", time, usual.milliseconds()));
    }

    private int atLeast(int least, String name, @Nullable Integer value, int otherwise) {
        if (value != null && value < least) {
            throw new UserError(name + ": " + value + ", expected " + least + " or more"
                    + (least > 1 ? ", because the two take turns" : ""));
        }
        return value == null ? otherwise : value;
    }

    /**
     * The other kind of JVM, if there is one.
     *
     * @throws UserError if it would be the same
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
                    + (names.isEmpty() ? " no module is there" : " there are only " + String.join(", ", names)));
        }
    }
}
