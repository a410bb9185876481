package io.qk256.app.hub;

import io.qk256.gguf.Progress;
import io.qk256.spi.support.UserError;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/** The Hugging Face hub, or another server that answers as it does. Asked only when the user asks for a download. */
public final class Hub {

    private final Endpoint endpoint;
    private final Patience patience;

    Hub(Endpoint endpoint, Patience patience) {
        this.endpoint = endpoint;
        this.patience = patience;
    }

    /**
     * The hub that the environment names: {@code HF_ENDPOINT}, with {@code HF_TOKEN}, as {@code huggingface_hub} has it.
     *
     * @param environment reads a variable
     * @param properties reads a system property
     * @throws UserError if a variable has no usable value, or {@code HF_HUB_OFFLINE} forbids to ask
     */
    public static Hub of(
            Function<String, Optional<String>> environment, Function<String, Optional<String>> properties) {
        return new Hub(Endpoint.of(environment, properties), Patience.USUAL);
    }

    /**
     * A model that is complete in the cache.
     *
     * @param commit the version of the repository
     * @param files its files, the first one first
     */
    public record Pulled(String commit, List<PulledFile> files) {}

    /**
     * A file of it.
     *
     * @param path on this machine
     * @param size in bytes
     * @param hash its checksum in hexadecimal: SHA-256, or of a small file the SHA-1 that git has for it
     * @param isNew whether it was downloaded, or was there before
     */
    public record PulledFile(Path path, long size, String hash, boolean isNew) {}

    /**
     * Downloads what is missing of a model in a cache, all of its files if it is split. What is broken off is continued by the
     * next call. A file is there when all of its bytes are, and their checksum is that which the hub has announced.
     *
     * @param name of the model; without a file, the repository must have one model only
     * @param progress hears of the bytes of each file
     * @param talk hears what happens, in lines for people
     * @throws UserError if the hub has no such model, or not for this user
     * @throws IOException if the network, the hub, or the disk fails
     */
    public Pulled pull(HubName name, HubCache cache, Progress progress, Consumer<String> talk) throws IOException {
        try (HubClient client = new HubClient(endpoint, patience)) {
            Listing listing = list(client, name, talk);
            String where = Endpoint.origin(endpoint.address());
            List<HubFile> files = listing.choose(name, where);
            List<HubFile> missing = new ArrayList<>();
            for (HubFile file : files) {
                if (!cache.holds(name, listing.commit(), file)) {
                    missing.add(file);
                }
            }
            cache.requireSpace(name, missing);
            for (HubFile file : missing) {
                new Download(
                                client,
                                endpoint.file(name, listing.commit(), file),
                                file.path(),
                                file,
                                cache.blob(name, file),
                                progress,
                                talk)
                        .run();
            }
            List<PulledFile> pulled = new ArrayList<>();
            for (HubFile file : files) {
                Path path = cache.publish(name, listing.commit(), file);
                pulled.add(new PulledFile(path, file.size(), file.checksum().hex(), missing.contains(file)));
            }
            cache.point(name, listing.commit());
            return new Pulled(listing.commit(), List.copyOf(pulled));
        }
    }

    private static Listing list(HubClient client, HubName name, Consumer<String> talk) throws IOException {
        Attempts attempts = new Attempts(client.patience(), talk);
        while (true) {
            try {
                return Listing.parse(
                        client.listing(name), Endpoint.origin(client.endpoint().address()));
            } catch (PassingException e) {
                attempts.failed(e);
            }
        }
    }
}
