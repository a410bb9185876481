package io.qk256.spi.selection;

import io.qk256.spi.support.PrintableText;
import java.time.Duration;

/**
 * What can be done about a kernel that was rejected, where that is up to the program that selects it. This is no text: each
 * program has options, or settings, of its own, and tells its users which of them to use. Immutable and thread-safe.
 */
public sealed interface Remedy {

    /**
     * Grant the plugin native access, if it is trusted: by {@code PluginDirectory.allowNative} or in the trust file.
     *
     * @param module the name of its module; fit to be printed
     */
    record AllowNative(String module) implements Remedy {

        /** Native access. */
        public AllowNative {
            module = PrintableText.line(module);
        }
    }

    /**
     * Give the probe more time.
     *
     * @param current what it had, above 0
     */
    record MoreProbeTime(Duration current) implements Remedy {}
}
