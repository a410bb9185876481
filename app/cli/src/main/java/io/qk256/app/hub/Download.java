package io.qk256.app.hub;

import io.qk256.app.hub.HubClient.Answer;
import io.qk256.app.hub.HubClient.Version;
import io.qk256.app.hub.HubClient.Wanted;
import io.qk256.gguf.Progress;
import io.qk256.spi.support.FileProblem;
import io.qk256.spi.support.PrintableText;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Downloads one file. Its bytes go to a file beside, which stays if the download is broken off, and from which a later one
 * continues; when all have come and their checksum is right, it gets its name. Used once, by one thread.
 */
final class Download {

    private static final String PART = ".qk256.part";
    private static final int BUFFER = 1 << 18;
    private static final int LONGEST_HEADER = 100;
    private static final Pattern CONTENT_RANGE = Pattern.compile("bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|[*])");
    private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");

    private final HubClient client;
    private final URI address;
    private final String name;
    private final HubFile file;
    private final Path blob;
    private final Path part;
    private final Progress progress;
    private final Consumer<String> talk;
    private final byte[] buffer = new byte[BUFFER];

    private MessageDigest digest;
    private long have;
    private long most;

    /** Whether there are bytes of more than one connection, which may be of different versions of the file. */
    private boolean isPieced;

    private Optional<Version> version = Optional.empty();

    /**
     * @param name of the file, for people
     * @param blob the file to make
     * @param progress hears how many bytes are there
     * @param talk hears what happens on the way
     */
    Download(
            HubClient client,
            URI address,
            String name,
            HubFile file,
            Path blob,
            Progress progress,
            Consumer<String> talk) {
        this.client = client;
        this.address = address;
        this.name = name;
        this.file = file;
        this.blob = blob;
        this.part = part(blob);
        this.progress = progress;
        this.talk = talk;
        this.digest = file.checksum().begin(file.size());
    }

    /** Where the bytes are until all have come. */
    static Path part(Path blob) {
        return blob.resolveSibling(blob.getFileName() + PART);
    }

    /** Downloads what is missing. */
    void run() throws IOException {
        try {
            Files.createDirectories(Objects.requireNonNull(blob.getParent()));
        } catch (IOException e) {
            throw writing(e);
        }
        try (FileChannel channel = open()) {
            @Nullable FileLock lock = lock(channel);
            if (lock == null) {
                throw new IOException(name + ": another process is downloading it (" + part + "); wait for it");
            }
            if (Files.exists(blob)) { // Another process has finished while we came; this channel may be of its file.
                Files.deleteIfExists(part);
                return;
            }
            complete(channel);
        }
    }

    private FileChannel open() throws IOException {
        try {
            return FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw writing(e);
        }
    }

    private static @Nullable FileLock lock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) { // By another thread of this process.
            return null;
        }
    }

    private void complete(FileChannel channel) throws IOException {
        resume(channel);
        isPieced = have > 0;
        talk.accept(
                isPieced
                        ? name + ": continuing after " + Sizes.of(have) + " of " + Sizes.of(file.size())
                        : name + ": downloading " + Sizes.of(file.size()));
        fetchAll(channel);
        String seen = Checksum.end(digest);
        if (isPieced && !seen.equals(file.checksum().hex())) {
            talk.accept(name + ": its pieces do not have the right "
                    + file.checksum().kind() + " together; starting anew");
            restart(channel);
            fetchAll(channel);
            seen = Checksum.end(digest);
        }
        if (!seen.equals(file.checksum().hex())) {
            Files.deleteIfExists(part);
            throw new IOException(
                    name + ": what has come has the " + file.checksum().kind() + " " + seen + ", expected "
                            + file.checksum().hex() + "; it was deleted, try again");
        }
        try {
            channel.force(true);
            Files.move(part, blob, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw writing(e);
        }
        progress.at("downloading " + name, file.size(), file.size());
    }

    /** Takes what an earlier download has left. */
    private void resume(FileChannel channel) throws IOException {
        try {
            if (channel.size() > file.size()) {
                channel.truncate(0);
            }
            long kept = channel.size();
            ByteBuffer bytes = ByteBuffer.wrap(buffer);
            while (have < kept && channel.read(bytes.clear(), have) > 0) {
                digest.update(bytes.flip());
                have += bytes.limit();
                progress.at("checking " + name, have, kept);
            }
        } catch (IOException e) {
            throw FileProblem.reading(part, e);
        }
        most = have;
    }

    private void restart(FileChannel channel) throws IOException {
        try {
            channel.truncate(0);
        } catch (IOException e) {
            throw writing(e);
        }
        have = 0;
        version = Optional.empty();
        digest = file.checksum().begin(file.size());
    }

    private void fetchAll(FileChannel channel) throws IOException {
        Attempts attempts = new Attempts(client.patience(), talk);
        while (have < file.size()) {
            long before = most;
            try {
                fetch(channel);
            } catch (PassingException e) {
                if (most > before) {
                    attempts.progressed();
                }
                try {
                    attempts.failed(e);
                } catch (IOException last) {
                    throw kept(last);
                }
            }
        }
    }

    private IOException kept(IOException e) {
        return new IOException(
                e.getMessage() + (have > 0 ? "; " + Sizes.of(have) + " are kept, and the same command continues" : ""),
                e);
    }

    private void fetch(FileChannel channel) throws IOException {
        try (Answer answer = client.get(address, name, new Wanted(have, version))) {
            requireSame(answer);
            boolean other = answer.isPartial() && version.isPresent() && isOther(answer.version(), version.get());
            if (answer.isGone() || other) {
                restart(channel);
                throw new PassingException(
                        name + ": the file on " + answer.origin() + " is no longer the one that was begun",
                        Optional.empty());
            }
            if (answer.isPartial()) {
                requireRange(answer);
                isPieced = true;
            } else if (have > 0) { // The server sends everything, whatever was asked.
                restart(channel);
            }
            requireLength(answer);
            version = answer.version();
            receive(answer, channel);
        }
    }

    private static boolean isOther(Optional<Version> now, Version before) {
        return now.isPresent()
                && now.get().origin().equals(before.origin())
                && !now.get().equals(before);
    }

    /** The hub says the hash of what it links to, before anything of it is downloaded. */
    private void requireSame(Answer answer) throws IOException {
        if (file.checksum().kind() == Checksum.Kind.SHA256) {
            Optional<String> linked = answer.linked()
                    .map(etag -> etag.replaceFirst("^W/", "").replace("\"", ""))
                    .filter(etag -> HASH.matcher(etag).matches());
            if (linked.isPresent() && !linked.get().equals(file.checksum().hex())) {
                throw new IOException(name + ": the hub links to a file with the SHA-256 " + linked.get()
                        + ", expected " + file.checksum().hex() + " as it has listed before; try again");
            }
        }
    }

    private void requireRange(Answer answer) throws IOException {
        String text = answer.header("Content-Range").orElse("");
        Matcher range = CONTENT_RANGE.matcher(text);
        boolean right = range.matches()
                && Long.parseLong(range.group(1)) == have
                && Long.parseLong(range.group(2)) < file.size()
                && (range.group(3).equals("*") || Long.parseLong(range.group(3)) == file.size());
        if (!right) {
            throw new IOException(name + ": " + answer.origin() + " sends the range '" + shortened(text)
                    + "', expected 'bytes " + have + "-" + (file.size() - 1) + "/" + file.size() + "'");
        }
    }

    private void requireLength(Answer answer) throws IOException {
        Optional<String> length = answer.header("Content-Length");
        if (!answer.isPartial() && length.isPresent() && !length.get().equals(String.valueOf(file.size()))) {
            throw new IOException(name + ": " + answer.origin() + " sends " + shortened(length.get())
                    + " bytes, expected " + file.size());
        }
    }

    private static String shortened(String text) {
        return PrintableText.line(text, LONGEST_HEADER);
    }

    private void receive(Answer answer, FileChannel channel) throws IOException {
        InputStream in = answer.response().body();
        try (Silence silence = new Silence(in, client.patience().silence())) {
            while (true) {
                int count = read(in, silence);
                if (count < 0) {
                    break;
                }
                silence.heard();
                if (count > file.size() - have) {
                    throw new IOException(name + ": " + answer.origin() + " sends more than the " + file.size()
                            + " bytes that it has announced");
                }
                write(channel, count);
            }
        }
        if (have < file.size()) {
            throw new PassingException(
                    name + ": the connection ended after " + Sizes.of(have) + " of " + Sizes.of(file.size()),
                    Optional.empty());
        }
    }

    private int read(InputStream in, Silence silence) throws IOException {
        try {
            return in.read(buffer);
        } catch (IOException e) {
            if (Thread.currentThread().isInterrupted()) {
                throw Attempts.interrupted(e);
            }
            String why = silence.hasFallen()
                    ? "nothing came for " + client.patience().silence().toSeconds() + " s"
                    : "the connection was lost";
            throw new PassingException(
                    name + ": " + why + ", after " + Sizes.of(have) + " of " + Sizes.of(file.size()), e);
        }
    }

    private void write(FileChannel channel, int count) throws IOException {
        digest.update(buffer, 0, count);
        ByteBuffer bytes = ByteBuffer.wrap(buffer, 0, count);
        try {
            long at = have;
            while (bytes.hasRemaining()) {
                at += channel.write(bytes, at);
            }
        } catch (IOException e) {
            throw writing(e);
        }
        have += count;
        most = Math.max(most, have);
        progress.at("downloading " + name, most, file.size());
    }

    private IOException writing(IOException e) {
        if (e instanceof ClosedByInterruptException) {
            return Attempts.interrupted(e);
        }
        return new IOException(
                part + ": cannot be written: " + FileProblem.reason(e)
                        + (have > 0 ? "; " + Sizes.of(have) + " are kept, and the same command continues" : "")
                        + "; make room, or choose another place with HF_HOME",
                e);
    }
}
