package io.qk256.spi.plugin;

import io.qk256.spi.selection.Gate;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What the operator allows plugins. In the file, {@code MODULE.native = allow} grants native access,
 * {@code MODULE.sha256 = HASH} pins the plugin to exactly that content, and {@code unpinned = reject} rejects every
 * plugin that is not pinned.
 *
 * @param nativeModules the modules that have native access
 * @param pins the expected hash of each pinned module
 * @param unpinnedAllowed whether a plugin without a pin may be used
 */
record Trust(Set<String> nativeModules, Map<String, String> pins, boolean unpinnedAllowed) {

    /** No native access; every plugin is accepted. */
    private static final Trust DEFAULT = new Trust(Set.of(), Map.of(), true);

    private static final String NATIVE = ".native";
    private static final String SHA256 = ".sha256";
    private static final String UNPINNED = "unpinned";
    private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");

    Trust {
        nativeModules = Set.copyOf(nativeModules);
        pins = Map.copyOf(pins);
    }

    static Trust read(Path file) throws PluginException {
        Properties entries = new StrictProperties();
        try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            entries.load(reader);
        } catch (NoSuchFileException e) {
            return DEFAULT;
        } catch (IOException | IllegalArgumentException e) {
            throw malformed(file, String.valueOf(e.getMessage()), e);
        }
        Set<String> nativeModules = new HashSet<>();
        Map<String, String> pins = new HashMap<>();
        boolean unpinnedAllowed = true;
        for (String key : entries.stringPropertyNames()) {
            String value = entries.getProperty(key).strip().toLowerCase(Locale.ROOT);
            if (key.equals(UNPINNED)) {
                require(file, key, value, value.equals("reject") || value.equals("accept"), "reject or accept");
                unpinnedAllowed = value.equals("accept");
            } else if (key.endsWith(NATIVE)) {
                require(file, key, value, value.equals("allow"), "allow");
                nativeModules.add(moduleOf(key, NATIVE));
            } else if (key.endsWith(SHA256)) {
                require(file, key, value, HASH.matcher(value).matches(), "64 hexadecimal digits");
                pins.put(moduleOf(key, SHA256), value);
            } else {
                throw malformed(file, "'" + key + "', expected MODULE.native, MODULE.sha256 or unpinned", null);
            }
        }
        return new Trust(nativeModules, pins, unpinnedAllowed);
    }

    private static String moduleOf(String key, String suffix) {
        return key.substring(0, key.length() - suffix.length());
    }

    private static void require(Path file, String key, String value, boolean right, String expected)
            throws PluginException {
        if (!right) {
            throw malformed(file, key + " = '" + value + "', expected " + expected, null);
        }
    }

    private static PluginException malformed(Path file, String what, @Nullable Throwable cause) {
        return new PluginException(
                Gate.INSTALLED, "no plugin is used, because the trust file " + file + " has an error: " + what, cause);
    }

    /** Returns the same trust with native access for more modules. */
    Trust allowNative(Collection<String> modules) {
        Set<String> all = new HashSet<>(nativeModules);
        all.addAll(modules);
        return new Trust(all, pins, unpinnedAllowed);
    }

    /** Throws unless the plugin is accepted. */
    void admit(String module, String sha256) throws PluginException {
        Optional<String> pin = Optional.ofNullable(pins.get(module));
        if (pin.isEmpty() && !unpinnedAllowed) {
            throw new PluginException(
                    Gate.INSTALLED,
                    "the trust file requires every plugin to be pinned, and this one is not; if you trust it, add: "
                            + module + SHA256 + " = " + sha256);
        }
        if (pin.isPresent() && !pin.get().equals(sha256)) {
            throw new PluginException(
                    Gate.INSTALLED,
                    "its SHA-256 is " + sha256 + ", but the trust file pins " + module + " to " + pin.get()
                            + "; put the pinned version back, or pin this one if you trust it");
        }
    }

    /** Rejects duplicate keys, where the later one would win silently. */
    private static final class StrictProperties extends Properties {

        private static final long serialVersionUID = 1;

        @Override
        public synchronized Object put(Object key, Object value) {
            if (containsKey(key)) {
                throw new IllegalArgumentException("'" + key + "' appears twice");
            }
            return super.put(key, value);
        }
    }
}
