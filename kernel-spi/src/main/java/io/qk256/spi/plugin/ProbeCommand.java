package io.qk256.spi.plugin;

import io.qk256.spi.support.ChildClassPath;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;

/** The command line of a probing JVM, with the limits that the JVM or the shell can set. */
final class ProbeCommand {

    /** How much a kernel may allocate on the heap, and again in direct buffers. */
    static final int MEMORY_MIB = 256;

    /** Address space of the whole process; the JVM itself reserves about half of it. */
    private static final int ADDRESS_SPACE_MIB = 6144;

    /** The maximum size of each file that it writes, including its output. */
    private static final int FILE_MIB = 256;

    private ProbeCommand() {}

    /**
     * Returns the command line.
     *
     * @param nativeModules the modules that may call native code
     * @param classPath the class path of the child
     * @param arguments the arguments of {@link ProbeMain}
     * @param crash where HotSpot writes its crash report
     */
    static List<String> of(Collection<String> nativeModules, List<Path> classPath, List<String> arguments, Path crash) {
        List<String> command = new ArrayList<>();
        Path shell = Path.of("/bin/sh");
        if (System.getProperty("os.name", "").equals("Linux") && Files.isExecutable(shell)) {
            command.addAll(List.of(
                    shell.toString(),
                    "-c",
                    "ulimit -c 0; ulimit -v " + ADDRESS_SPACE_MIB * 1024L + " 2>/dev/null; ulimit -f "
                            + FILE_MIB * 2048L + " 2>/dev/null; exec \"$@\"",
                    "probe"));
        }
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-Xmx" + MEMORY_MIB + "m");
        command.add("-XX:MaxDirectMemorySize=" + MEMORY_MIB + "m");
        command.addAll(List.of("-XX:+ExitOnOutOfMemoryError", "-XX:+UseSerialGC", "-XX:-UsePerfData"));
        command.addAll(List.of("-XX:-CreateCoredumpOnCrash", "-XX:ErrorFile=" + crash));
        // Anything on standard output then comes from the kernel and not from the JVM.
        command.addAll(List.of("-XX:+DisplayVMOutputToStderr", "-Xlog:disable", "-Xlog:all=warning:stderr"));
        System.getProperties().stringPropertyNames().stream()
                .filter(name -> name.startsWith("qk256.") || name.equals("java.library.path"))
                .forEach(name -> command.add("-D" + name + "=" + System.getProperty(name)));
        String modulePath = System.getProperty("jdk.module.path", "");
        if (!modulePath.isEmpty()) {
            command.addAll(List.of("-p", absolute(modulePath)));
        }
        command.add("--add-modules=" + bootModules());
        if (!classPath.isEmpty()) {
            command.addAll(List.of("-cp", ChildClassPath.join(classPath)));
        }
        if (!nativeModules.isEmpty()) {
            command.add("--enable-native-access=" + String.join(",", nativeModules));
        }
        command.add("--illegal-native-access=deny");
        Module contract = ProbeMain.class.getModule();
        if (contract.isNamed()) {
            command.addAll(List.of("-m", contract.getName() + "/" + ProbeMain.class.getName()));
        } else {
            command.add(ProbeMain.class.getName());
        }
        command.addAll(arguments);
        return command;
    }

    /** The same modules as in this JVM, so that a plugin finds the same ones in both. */
    private static String bootModules() {
        return ModuleLayer.boot().modules().stream()
                .map(Module::getName)
                .sorted()
                .collect(Collectors.joining(","));
    }

    private static String absolute(String modulePath) {
        return List.of(modulePath.split(File.pathSeparator, -1)).stream()
                .map(entry -> Path.of(entry).toAbsolutePath().toString())
                .collect(Collectors.joining(File.pathSeparator));
    }
}
