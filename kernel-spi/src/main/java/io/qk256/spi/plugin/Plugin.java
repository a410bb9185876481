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
 * @param module the module that provides its kernels, if that much could be read
 * @param version that module's version, if its descriptor has one
 * @param sha256 the hash of the jar; of a folder, the hash of the text that {@code sha256sum *.jar} prints in it
 * @param state where it stands
 * @param reason why it got no further than that, unless it is resolved
 * @param sources its kernels, for the selection; one that tells the reason if it is not resolved
 */
public record Plugin(
        Path path,
        Optional<String> module,
        Optional<String> version,
        Optional<String> sha256,
        State state,
        Optional<String> reason,
        List<KernelSource> sources) {

    /** A plugin. */
    public Plugin {
        version = version.map(PrintableText::line);
        sources = List.copyOf(sources);
    }

    /** Where a plugin stands before the selection, which makes its kernels usable, selected or rejected. */
    public enum State {
        /** It cannot or must not be used. */
        REJECTED,
        /** It is sound, but a newer version of it is used. */
        SUPERSEDED,
        /** Its modules are in a layer of their own, and have all that they need. */
        RESOLVED;

        /** The state in words. */
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** The name of its file or folder, fit to be printed. */
    public String name() {
        return PrintableText.line(path.getFileName().toString());
    }
}
