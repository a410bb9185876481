package io.qk256.spi.selection;

import io.qk256.spi.support.PrintableText;
import java.time.Duration;

/**
 * What the selecting program can do about a rejected kernel. It is not a text, because each program has its own options
 * or settings and tells its users which ones to use. Immutable and thread-safe.
 */
public sealed interface Remedy {

    /**
     * Grant the plugin native access, if it is trusted: with {@code PluginDirectory.allowNative} or in the trust file.
     *
     * @param module the name of its module; safe to print
     */
    record AllowNative(String module) implements Remedy {

        /** Creates the remedy. */
        public AllowNative {
            module = PrintableText.line(module);
        }
    }

    /**
     * Give the probe more time.
     *
     * @param current the time limit so far, above 0
     */
    record MoreProbeTime(Duration current) implements Remedy {}
}
