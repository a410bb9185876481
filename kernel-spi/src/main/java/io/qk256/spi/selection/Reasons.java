package io.qk256.spi.selection;

import io.qk256.spi.Contract;
import io.qk256.spi.support.PrintableText;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Puts what strangers' code threw into words. The methods of an exception are code of strangers too. */
final class Reasons {

    /** The most characters of a name. */
    static final int MAX_NAME = 100;

    /** The most characters of a reason; some list what there is, and paths are long. */
    private static final int MAX_REASON = 2000;

    /** An exception may be its own cause's cause. */
    private static final int MAX_CAUSES = 10;

    private static final String CONTRACT_PACKAGE = Contract.class.getPackageName();

    private Reasons() {}

    /**
     * Whether a plugin wanted native access that it was not granted. The JVM's message, which kernels pass on, names an option
     * that does nothing for a module outside the boot layer.
     */
    static boolean isDeniedNative(KernelSource source, @Nullable Throwable thrown) {
        return source.artifact().plugin() && causes(thrown).stream().anyMatch(IllegalCallerException.class::isInstance);
    }

    /**
     * What to say of code that the JVM could not link with this contract. The JVM's message names the part that does not fit,
     * and not the reason.
     */
    static Optional<String> compiledElsewhere(@Nullable Throwable thrown) {
        return causes(thrown).stream()
                // A class, a method or a field that is not there, or an abstract method that is not implemented.
                .filter(e -> e instanceof NoClassDefFoundError || e instanceof IncompatibleClassChangeError)
                .map(Reasons::nameAndMessage)
                .filter(text -> text.replace('/', '.').contains(CONTRACT_PACKAGE + "."))
                .findFirst()
                .map(text ->
                        "it was compiled against another io.qk256:kernel-spi than this one, which it does not fit: "
                                + text + "; " + ContractVersion.CURRENT.recompile());
    }

    /** What was thrown and, because the service loader and class initializers wrap it, what caused it first. */
    static String describe(Throwable thrown) {
        List<Throwable> causes = causes(thrown);
        return nameAndMessage(thrown) + (causes.size() == 1 ? "" : ", caused by " + nameAndMessage(causes.getLast()));
    }

    /** The text in one line, without control characters, cut if it is very long. */
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

    /** A throwable and its causes, as far as they can be had. */
    private static List<Throwable> causes(@Nullable Throwable thrown) {
        List<Throwable> causes = new ArrayList<>();
        try {
            for (Throwable next = thrown; next != null && causes.size() <= MAX_CAUSES; next = next.getCause()) {
                causes.add(next);
            }
        } catch (Throwable e) {
            // What was found so far will do.
        }
        return causes;
    }
}
