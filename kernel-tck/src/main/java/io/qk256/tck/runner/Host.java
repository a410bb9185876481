package io.qk256.tck.runner;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** Describes the machine, the JVM and the command line. */
final class Host {

    private static final Path CPUINFO = Path.of("/proc/cpuinfo");

    private Host() {}

    /** The CPU as named by the caller, or by Linux, or its architecture. */
    static String cpu() {
        String told = System.getProperty("qk256.tck.cpu", "");
        return told.isEmpty() ? modelName() : told;
    }

    private static String modelName() {
        if (Files.isReadable(CPUINFO)) {
            try (Stream<String> lines = Files.lines(CPUINFO)) {
                return lines.filter(line -> line.startsWith("model name"))
                        .map(line -> line.substring(line.indexOf(':') + 1).strip())
                        .findFirst()
                        .orElse(System.getProperty("os.arch"));
            } catch (IOException e) {
                return System.getProperty("os.arch");
            }
        }
        return System.getProperty("os.arch");
    }

    static String jdk() {
        return System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version") + " ("
                + System.getProperty("java.vendor") + ")";
    }

    static String system() {
        return System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                + System.getProperty("os.arch");
    }

    /** The command that repeats a run. */
    static String command(Options options) {
        // A caller with its own plugin options puts them into its command.
        Optional<String> caller = Optional.ofNullable(System.getProperty("qk256.tck.command"));
        StringBuilder command = new StringBuilder(caller.orElseGet(() -> ModulePath.isClassPath()
                ? "java " + vectorModule() + "-cp " + System.getProperty("java.class.path") + " "
                        + TckMain.class.getName()
                : "java -p " + System.getProperty("jdk.module.path") + " -m io.qk256.tck/" + TckMain.class.getName()));
        command.append(" --provider ").append(options.provider());
        if (caller.isEmpty()) {
            options.plugins()
                    .ifPresent(directory -> command.append(" --plugins ").append(directory));
            options.plugin().ifPresent(path -> command.append(" --plugin ").append(path));
            command.append(options.nativeAccess() ? "" : " --no-native");
        }
        if (!options.modulePath().isEmpty()) {
            command.append(" --module-path ").append(ModulePath.join(options.modulePath()));
        }
        command.append(" --seed ").append(options.seed());
        if (options.random() != Options.RANDOM) {
            command.append(" --random ").append(options.random());
        }
        options.jvmOptions().forEach(option -> command.append(" --jvm-option ").append(option));
        options.rules().forEach(rule -> command.append(" --rule ").append(rule));
        return command.toString();
    }

    /** The only module that a kernel may need and that the JVM does not load by default. */
    private static String vectorModule() {
        String module = "jdk.incubator.vector";
        return ModuleLayer.boot().findModule(module).isPresent() ? "--add-modules " + module + " " : "";
    }
}
