package io.qk256.app.commands;

import io.qk256.app.hub.HubCache;
import io.qk256.app.hub.HubName;
import io.qk256.spi.support.Environment;
import io.qk256.spi.support.UserError;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.TypeConversionException;

/** A GGUF file that the user has named: a path, or a model of the Hugging Face hub, {@code hf:OWNER/REPO[:FILE]}. */
final class ModelFile {

    private final String given;
    private final Optional<HubName> hub;
    private final Optional<Path> path;

    private ModelFile(String given, Optional<HubName> hub, Optional<Path> path) {
        this.given = given;
        this.hub = hub;
        this.path = path;
    }

    /** Reads an argument; whether there is such a file is not looked at. */
    static ModelFile of(String given) {
        if (!HubName.isMeant(given)) {
            return new ModelFile(given, Optional.empty(), Optional.of(FileNames.path(given)));
        }
        try {
            return new ModelFile(given, Optional.of(HubName.parse(given)), Optional.empty());
        } catch (UserError e) {
            TypeConversionException wrong = new TypeConversionException(String.valueOf(e.getMessage()));
            wrong.initCause(e);
            throw wrong;
        }
    }

    /**
     * Where the file is. A model of the hub is looked up in the hub's cache; nothing is downloaded.
     *
     * @throws UserError if the model is not in the cache
     */
    Path path() throws IOException {
        if (path.isPresent()) {
            return path.get();
        }
        HubName name = hub.orElseThrow();
        HubCache cache = cache();
        return cache.find(name)
                .orElseThrow(() -> new UserError(name + ": is not in the cache of the hub, " + cache.directory()
                        + "; download it with '" + Launcher.name() + " pull " + name + "'"));
    }

    /** The hub's cache that the environment names. */
    static HubCache cache() {
        return HubCache.of(
                Environment::variable, Environment.property("user.home").orElse("."));
    }

    /** As the user has written it. */
    @Override
    public String toString() {
        return given;
    }
}
