package io.qk256.app.hub;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.qk256.spi.support.UserError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What the hub says about a repository: its newest commit, and the GGUF files in it.
 *
 * @param commit the id of the commit
 * @param sizes the paths of the files, and their bytes
 * @param checksums of those files for which the hub gives one
 */
record Listing(String commit, Map<String, Long> sizes, Map<String, Checksum> checksums) {

    private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");

    /**
     * Reads the hub's answer; files whose names could not be kept on this machine are left out.
     *
     * @throws IOException if it is not what the hub answers
     */
    static Listing parse(byte[] json, String from) throws IOException {
        try {
            JsonObject root = JsonParser.parseString(new String(json, StandardCharsets.UTF_8))
                    .getAsJsonObject();
            String commit = root.get("sha").getAsString();
            if (!COMMIT.matcher(commit).matches()) {
                throw new IOException(from + " names '" + commit + "' as the newest commit, expected 40 digits");
            }
            Map<String, Long> sizes = new HashMap<>();
            Map<String, Checksum> checksums = new HashMap<>();
            for (JsonElement element : root.getAsJsonArray("siblings")) {
                JsonObject file = element.getAsJsonObject();
                String path = file.get("rfilename").getAsString();
                if (HubName.isGguf(path)) {
                    sizes.put(path, size(file, from));
                    checksum(file).ifPresent(sum -> checksums.put(path, sum));
                }
            }
            return new Listing(commit, Map.copyOf(sizes), Map.copyOf(checksums));
        } catch (JsonParseException | IllegalStateException | ClassCastException | UnsupportedOperationException e) {
            throw unexpected(from, e);
        } catch (NullPointerException | NumberFormatException e) { // A field is missing, or is no number.
            throw unexpected(from, e);
        }
    }

    private static IOException unexpected(String from, RuntimeException e) {
        return new IOException(
                from + " answers something else than a list of files in JSON; is it a hub? (HF_ENDPOINT)", e);
    }

    private static long size(JsonObject file, String from) throws IOException {
        long size = file.get("size").getAsLong();
        if (size < 0) {
            throw new IOException(from + " says that a file has " + size + " bytes, expected 0 or more");
        }
        return size;
    }

    private static Optional<Checksum> checksum(JsonObject file) {
        @Nullable JsonElement lfs = file.get("lfs");
        if (lfs != null && lfs.isJsonObject()) {
            return Checksum.sha256(lfs.getAsJsonObject().get("sha256").getAsString());
        }
        @Nullable JsonElement blob = file.get("blobId");
        return blob == null || blob.isJsonNull() ? Optional.empty() : Checksum.gitBlob(blob.getAsString());
    }

    /**
     * The files of the model that a name means.
     *
     * @throws UserError if it means none or more than one
     */
    List<HubFile> choose(HubName name, String where) throws IOException {
        List<HubFile> files = new ArrayList<>();
        for (String path : Choice.of(name, sizes, where)) {
            @Nullable Checksum sum = checksums.get(path);
            if (sum == null) {
                throw new IOException(name.with(path) + ": " + where
                        + " gives no checksum for this file, and without one it is not downloaded");
            }
            files.add(new HubFile(path, sizes.getOrDefault(path, 0L), sum));
        }
        return List.copyOf(files);
    }
}
