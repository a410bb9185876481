package io.qk256.tck.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What to measure and for how long.
 *
 * @param result receives JMH's results as JSON
 * @param rounds how often everything is measured, each time in a fresh JVM
 * @param warmups warm-up iterations before the measured ones
 * @param iterations measured iterations in each round
 * @param milliseconds duration of an iteration
 * @param kernels kernel names
 * @param profilers JMH profilers
 * @param against if not empty, everything is also measured in a second kind of JVM that differs only in this: an
 *     option, which starts with a dash, or a path whose modules replace those of the same names
 * @param tasks what is measured for every kernel
 */
record Plan(
        Path result,
        int rounds,
        int warmups,
        int iterations,
        long milliseconds,
        List<String> kernels,
        List<String> profilers,
        String against,
        List<Task> tasks) {

    /** Parses {@code --name=value} arguments; a name may be repeated if the plan has a list for it. */
    static Plan parse(String... arguments) {
        Path result = Path.of("bench.json");
        int rounds = 2;
        int warmups = 3;
        int iterations = 5;
        long milliseconds = 200;
        List<String> kernels = new ArrayList<>();
        List<String> profilers = new ArrayList<>();
        String against = "";
        List<Task> tasks = new ArrayList<>();
        for (String argument : arguments) {
            int equals = argument.indexOf('=');
            String value = argument.substring(equals + 1);
            switch (argument.substring(0, Math.max(equals, 0))) {
                case "--result" -> result = Path.of(value);
                case "--rounds" -> rounds = Integer.parseInt(value);
                case "--warmups" -> warmups = Integer.parseInt(value);
                case "--iterations" -> iterations = Integer.parseInt(value);
                case "--milliseconds" -> milliseconds = Long.parseLong(value);
                case "--kernel" -> kernels.add(value);
                case "--profiler" -> profilers.add(value);
                case "--against" -> against = value;
                case "--task" -> tasks.add(Task.parse(value));
                default ->
                    throw new IllegalArgumentException("argument: '" + argument
                            + "', expected --result, --rounds, --warmups, --iterations, --milliseconds, --kernel,"
                            + " --profiler, --against or --task, then = and a value");
            }
        }
        return new Plan(
                result,
                rounds,
                warmups,
                iterations,
                milliseconds,
                kernels.isEmpty() ? Kernels.usable() : kernels,
                profilers,
                against,
                tasks);
    }

    /**
     * The runs of one round. Kernels take turns at each task, next to its floor, and so do the two kinds of JVM
     * with each kernel. Every second round is in reverse order, so that a machine that gets slower or faster favors
     * none.
     */
    List<HarnessRun> round(int number) {
        Set<HarnessRun> runs = new LinkedHashSet<>();
        for (Task task : tasks) {
            runs.add(HarnessRun.floor(task));
            for (String kernel : kernels) {
                runs.add(new HarnessRun(task, kernel, false));
                if (!against.isEmpty()) {
                    runs.add(new HarnessRun(task, kernel, true));
                }
            }
        }
        List<HarnessRun> inOrder = List.copyOf(runs);
        return number % 2 == 0 ? inOrder : inOrder.reversed();
    }

    /** The runs of all rounds. */
    Collection<HarnessRun> runs() {
        List<HarnessRun> all = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
            all.addAll(round(round));
        }
        return all;
    }
}
