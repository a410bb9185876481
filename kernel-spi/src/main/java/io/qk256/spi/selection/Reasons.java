package io.qk256.spi.selection;

import io.qk256.spi.Contract;
import io.qk256.spi.support.PrintableText;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Describes exceptions of foreign code. The methods of an exception may be foreign code too. */
final class Reasons {

    /** The maximum length of a name. */
    static final int MAX_NAME = 100;

    /** The maximum length of a reason; some list alternatives, and paths are long. */
    private static final int MAX_REASON = 2000;

    /** The causes of an exception may form a cycle. */
    private static final int MAX_CAUSES = 10;

    private static final String CONTRACT_PACKAGE = Contract.class.getPackageName();

    private Reasons() {}

    /**
     * Whether a plugin needed native access that it was not granted. The JVM's message, which kernels pass on, names an
     * option that has no effect for a module outside the boot layer.
     */
    static boolean isDeniedNative(KernelSource source, @Nullable Throwable thrown) {
        return source.artifact().plugin() && causes(thrown).stream().anyMatch(IllegalCallerException.class::isInstance);
    }

    /**
     * Explains code that the JVM could not link with this contract. The JVM's message names the missing part but
     * not the reason.
     */
    static Optional<String> compiledElsewhere(@Nullable Throwable thrown) {
        return causes(thrown).stream()
                // A class, method or field that is missing, or an abstract method that is not implemented.
                .filter(e -> e instanceof NoClassDefFoundError || e instanceof IncompatibleClassChangeError)
                .map(Reasons::nameAndMessage)
                .filter(text -> text.replace('/', '.').contains(CONTRACT_PACKAGE + "."))
                .findFirst()
                .map(text ->
                        "it was compiled against another io.qk256:kernel-spi than this one, which it does not fit: "
                                + text + "; " + ContractVersion.CURRENT.recompile());
    }

    /** The exception and, because the service loader and class initializers wrap it, its first cause. */
    static String describe(Throwable thrown) {
        List<Throwable> causes = causes(thrown);
        return nameAndMessage(thrown) + (causes.size() == 1 ? "" : ", caused by " + nameAndMessage(causes.getLast()));
    }

    /** The text as one line without control characters, cut if it is very long. */
    static String oneLine(String text) {
        String enough = text.length() <= 2 * MAX_REASON ? text : text.substring(0, 2 * MAX_REASON);
        return PrintableText.line(enough.lines().map(String::strip).collect(Collectors.joining(" ")), MAX_REASON);
    }

    private static String nameAndMessage(Throwable thrown) {
        try {
            String message = thrown.getMessage();
            return thrown.getClass().getName() + (message == null ? "" : ": " + message);
        } catch (Throwable e) {
            return thrown.getClass().getName();
        }
    }

    /** A throwable and its causes, as far as they can be read. */
    private static List<Throwable> causes(@Nullable Throwable thrown) {
        List<Throwable> causes = new ArrayList<>();
        try {
            for (Throwable next = thrown; next != null && causes.size() <= MAX_CAUSES; next = next.getCause()) {
                causes.add(next);
            }
        } catch (Throwable e) {
            // The causes found so far are enough.
        }
        return causes;
    }
}
