package io.qk256.spi.selection;

import io.qk256.spi.KernelProvider;
import java.lang.module.ModuleDescriptor.Provides;
import java.net.URI;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * A place where a provider was found, before any of its code has run.
 *
 * @param label what to call it until its provider says its name
 * @param module the name of its module, or "(class path)"
 * @param origin the file it comes from
 * @param provider makes the provider; may throw anything
 */
public record KernelSource(String label, String module, String origin, Supplier<KernelProvider> provider) {

    private static final String CLASS_PATH = "(class path)";
    private static final int MAX_CAUSES = 10;

    /** A source for a provider that exists already. */
    public static KernelSource of(KernelProvider provider) {
        Class<?> type = provider.getClass();
        return new KernelSource(type.getName(), moduleOf(type), originOf(type), () -> provider);
    }

    /** All providers of the module graph and the class path of the running application. */
    public static List<KernelSource> find() {
        Iterator<ServiceLoader.Provider<KernelProvider>> found =
                ServiceLoader.load(KernelProvider.class).stream().iterator();
        List<KernelSource> sources = new ArrayList<>();
        while (true) {
            try {
                ServiceLoader.Provider<KernelProvider> provider = found.next();
                Class<?> type = provider.type();
                sources.add(new KernelSource(type.getName(), moduleOf(type), originOf(type), provider));
            } catch (NoSuchElementException e) {
                return sources;
            } catch (ServiceConfigurationError | LinkageError e) {
                // The loader has moved past the broken one, so the search goes on.
                sources.add(broken(e));
            }
        }
    }

    /** The error or a cause names the class; its module is the one that declares to provide it. */
    private static KernelSource broken(Error error) {
        String message = messages(error);
        for (Module module : ModuleLayer.boot().modules()) {
            for (Provides provides : module.getDescriptor().provides()) {
                for (String type : provides.providers()) {
                    if (provides.service().equals(KernelProvider.class.getName()) && names(message, type)) {
                        return new KernelSource(type, module.getName(), originOf(module), () -> {
                            throw error;
                        });
                    }
                }
            }
        }
        return new KernelSource("(unreadable)", CLASS_PATH, "", () -> {
            throw error;
        });
    }

    /** Whether the text holds the class name, or that of a class nested in it, and not only a longer name. */
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

    private static String moduleOf(Class<?> type) {
        return type.getModule().isNamed() ? type.getModule().getName() : CLASS_PATH;
    }

    private static String originOf(Class<?> type) {
        if (type.getModule().isNamed()) {
            return originOf(type.getModule());
        }
        CodeSource source = type.getProtectionDomain().getCodeSource();
        return source == null || source.getLocation() == null
                ? ""
                : path(source.getLocation().toString());
    }

    private static String originOf(Module module) {
        return Optional.ofNullable(module.getLayer())
                .flatMap(layer -> layer.configuration().findModule(module.getName()))
                .flatMap(resolved -> resolved.reference().location())
                .map(URI::toString)
                .map(KernelSource::path)
                .orElse("");
    }

    /** A file's path; the location as it is, if it is none. */
    private static String path(String location) {
        try {
            return Path.of(URI.create(location)).toString();
        } catch (IllegalArgumentException | FileSystemNotFoundException e) {
            return location;
        }
    }
}
