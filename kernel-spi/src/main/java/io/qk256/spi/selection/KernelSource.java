package io.qk256.spi.selection;

import io.qk256.spi.KernelProvider;
import io.qk256.spi.selection.Candidate.State;
import io.qk256.spi.support.PrintableText;
import java.lang.module.ModuleDescriptor.Provides;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * Where a provider was found, before any of its code has run.
 *
 * @param label its name until the provider returns one; control characters are removed and long text is cut
 * @param artifact its module and file
 * @param provider creates the provider; may throw anything
 * @param stop why it cannot go further, if so; then the provider is never requested
 * @param probe tries the kernel in another process before any of its code runs here
 */
public record KernelSource(
        String label,
        Artifact artifact,
        Supplier<KernelProvider> provider,
        Optional<Stop> stop,
        Optional<Probe> probe) {

    private static final int MAX_CAUSES = 10;

    /** Creates a source. */
    public KernelSource {
        label = PrintableText.line(label);
    }

    /**
     * An end before any code of the provider has run.
     *
     * @param gate the gate that it did not pass
     * @param state {@link State#SUPERSEDED} or {@link State#REJECTED}
     * @param reason what was seen, what was expected, what to do
     * @param cause the exception, if one was thrown
     */
    public record Stop(Gate gate, State state, String reason, Optional<Throwable> cause) {

        /** Creates an end. */
        public Stop {
            reason = Reasons.oneLine(reason);
        }
    }

    /** Creates a source whose provider may run here. */
    public KernelSource(String label, Artifact artifact, Supplier<KernelProvider> provider) {
        this(label, artifact, provider, Optional.empty(), Optional.empty());
    }

    /** Returns a source that goes no further. */
    public static KernelSource stopped(String label, Artifact artifact, Stop stop) {
        Supplier<KernelProvider> none = () -> {
            throw new IllegalStateException(stop.reason());
        };
        return new KernelSource(label, artifact, none, Optional.of(stop), Optional.empty());
    }

    /** Returns a source for an existing provider. */
    public static KernelSource of(KernelProvider provider) {
        Class<?> type = provider.getClass();
        return new KernelSource(type.getName(), Artifact.of(type), () -> provider);
    }

    /** Returns the same source, probed before its code runs here. */
    public KernelSource probedBy(Probe newProbe) {
        return new KernelSource(label, artifact, provider, stop, Optional.of(newProbe));
    }

    /** The name of its module, or "(class path)". */
    public String module() {
        return artifact.module();
    }

    /** The file that it comes from. */
    public String origin() {
        return artifact.origin();
    }

    /**
     * Finds all providers on the module path and the class path of the running application, as seen by the context
     * class loader of the calling thread and by the class loader of the contract.
     */
    public static List<KernelSource> find() {
        Map<Object, KernelSource> found = new LinkedHashMap<>();
        find(ServiceLoader.load(KernelProvider.class), found);
        // Threads of a pool may have a context class loader that sees less than the thread that started the
        // application.
        find(ServiceLoader.load(KernelProvider.class, KernelProvider.class.getClassLoader()), found);
        return List.copyOf(found.values());
    }

    /** Adds providers that are not there yet, compared by class, or by error if they are broken. */
    private static void find(ServiceLoader<KernelProvider> loader, Map<Object, KernelSource> found) {
        Iterator<ServiceLoader.Provider<KernelProvider>> providers =
                loader.stream().iterator();
        while (true) {
            try {
                ServiceLoader.Provider<KernelProvider> provider = providers.next();
                Class<?> type = provider.type();
                found.putIfAbsent(type, new KernelSource(type.getName(), Artifact.of(type), provider));
            } catch (NoSuchElementException e) {
                return;
            } catch (ServiceConfigurationError | LinkageError e) {
                // The loader has moved past the broken provider, so the search goes on.
                found.putIfAbsent(e.toString(), broken(e));
            }
        }
    }

    /** The error or one of its causes names the class; its module is the one that declares the provider. */
    private static KernelSource broken(Error error) {
        String message = messages(error);
        for (Module module : ModuleLayer.boot().modules()) {
            for (Provides provides : module.getDescriptor().provides()) {
                for (String type : provides.providers()) {
                    if (provides.service().equals(KernelProvider.class.getName()) && names(message, type)) {
                        return new KernelSource(type, Artifact.of(module), () -> {
                            throw error;
                        });
                    }
                }
            }
        }
        return new KernelSource("(unreadable)", Artifact.unknown(), () -> {
            throw error;
        });
    }

    /** Whether the text contains this class name, or that of a class nested in it, but not just a longer name. */
    private static boolean names(String text, String className) {
        return Pattern.compile("(?<![\\w.])" + Pattern.quote(className) + "(?![\\w])")
                .matcher(text)
                .find();
    }

    private static String messages(Throwable thrown) {
        StringBuilder all = new StringBuilder();
        Throwable next = thrown;
        for (int depth = 0; next != null && depth < MAX_CAUSES; depth++) {
            all.append(next.getMessage()).append('\n');
            next = next.getCause();
        }
        return all.toString();
    }
}
