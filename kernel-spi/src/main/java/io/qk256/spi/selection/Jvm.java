package io.qk256.spi.selection;

import io.qk256.spi.JvmFeature;
import io.qk256.spi.support.Environment;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * What a kernel may need to know about a Java virtual machine. Immutable.
 *
 * @param description name and version, for display
 * @param missing for each missing feature: what was seen, and what to do about it
 */
public record Jvm(String description, Map<JvmFeature, String> missing) {

    private static final Pattern C1_ONLY = Pattern.compile("-XX:TieredStopAtLevel=[0-3]\\b");

    /** Creates a description of a Java virtual machine. */
    public Jvm {
        missing = Map.copyOf(missing);
    }

    /** Returns the running JVM. */
    public static Jvm current() {
        return fromProperties(
                System.getProperty("java.vm.name", ""),
                System.getProperty("java.runtime.version", ""),
                System.getProperty("java.vm.vendor", ""),
                System.getProperty("java.vm.info", ""),
                options(),
                ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent());
    }

    /** The command line, and the variables that the JVM and its launcher add to it. */
    private static String options() {
        String[] arguments = ProcessHandle.current().info().arguments().orElse(new String[0]);
        return String.join(" ", arguments) + " "
                + Environment.variable("JDK_JAVA_OPTIONS").orElse("") + " "
                + Environment.variable("JAVA_TOOL_OPTIONS").orElse("");
    }

    /**
     * Reads the properties of HotSpot: {@code java.vm.info} contains "interpreted mode" under
     * {@code -Xint} and "emulated-client" if only C1 compiles. Vector species report their full width
     * in both cases, so they are no help. Other levels below 4 also stop at C1 but show only in the options.
     */
    static Jvm fromProperties(
            String name, String version, String vendor, String info, String options, boolean vectorModule) {
        Map<JvmFeature, String> missing = new EnumMap<>(JvmFeature.class);
        String mode = info.toLowerCase(Locale.ROOT);
        if (mode.contains("interpreted mode")) {
            missing.put(JvmFeature.OPTIMIZING_COMPILER, "the JVM runs in interpreted mode; start it without -Xint");
        } else if (mode.contains("emulated-client") || C1_ONLY.matcher(options).find()) {
            missing.put(
                    JvmFeature.OPTIMIZING_COMPILER,
                    "the JVM compiles with C1 only; start it without -XX:TieredStopAtLevel"
                            + " and -XX:CompilationMode");
        } else if (name.contains("OpenJ9")) {
            missing.put(
                    JvmFeature.OPTIMIZING_COMPILER,
                    "OpenJ9 runs Vector API code without vector instructions; use a HotSpot JVM");
        }
        if (!vectorModule) {
            missing.put(
                    JvmFeature.VECTOR_API,
                    "jdk.incubator.vector is not in the module graph; put the kernel's jar on the module path,"
                            + " or add --add-modules jdk.incubator.vector");
        }
        String firstLine = info.lines().findFirst().orElse(""); // OpenJ9 adds a line for each component.
        return new Jvm(name + " " + version + " (" + vendor + ", " + firstLine + ")", missing);
    }
}
