package io.qk256.spi.plugin;

import io.qk256.spi.selection.KernelSource;
import io.qk256.spi.support.PrintableText;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A plugin as it was read: a jar, or a folder of jars. Immutable. None of its code has run.
 *
 * @param path the jar or the folder
 * @param module the module that provides its kernels, if it could be read
 * @param version that module's version, if its descriptor has one
 * @param sha256 the hash of the jar; for a folder, the hash of the text that {@code sha256sum *.jar} prints in it
 * @param state its state
 * @param reason why it got no further, unless it is resolved
 * @param sources its kernels, for the selection; if it is not resolved, one source that gives the reason
 */
public record Plugin(
        Path path,
        Optional<String> module,
        Optional<String> version,
        Optional<String> sha256,
        State state,
        Optional<String> reason,
        List<KernelSource> sources) {

    /** Creates a plugin. */
    public Plugin {
        version = version.map(PrintableText::line);
        sources = List.copyOf(sources);
    }

    /** The state of a plugin before the selection, which makes its kernels usable, selected or rejected. */
    public enum State {
        /** It cannot or must not be used. */
        REJECTED,
        /** It is valid, but a newer version of it is used. */
        SUPERSEDED,
        /** Its modules are in their own layer and have everything they need. */
        RESOLVED;

        /** The state's name in lower case. */
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** The name of its file or folder, safe to print. */
    public String name() {
        return PrintableText.line(path.getFileName().toString());
    }
}
