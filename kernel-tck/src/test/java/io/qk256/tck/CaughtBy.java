package io.qk256.tck;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Which test caught a wrong kernel when the list was last updated. That test runs first, which saves two thirds of the
 * time. If it does not catch the kernel any more, the other tests of the rule run as well, so the list decides nothing.
 */
final class CaughtBy {

    private static final Path FILE = Path.of("src", "test", "caught-by.txt");
    private static final String SEPARATOR = ": ";

    private CaughtBy() {}

    /** The tests by wrong kernel. */
    static Map<String, String> tests() throws IOException {
        return Files.exists(FILE) ? parse(Files.readString(FILE)) : Map.of();
    }

    private static Map<String, String> parse(String text) {
        return text.lines()
                .filter(line -> line.contains(SEPARATOR))
                .map(line -> line.split(SEPARATOR, 2))
                .collect(Collectors.toMap(line -> line[0], line -> line[1], (one, other) -> other, TreeMap::new));
    }

    /** Changes a line of the list, while another JVM may change others. */
    static void update(String wrong, String test) {
        try (FileChannel channel = FileChannel.open(FILE, CREATE, READ, WRITE);
                InputStream in = Channels.newInputStream(channel)) {
            channel.lock(); // Until it is closed.
            Map<String, String> all = parse(new String(in.readAllBytes(), UTF_8));
            all.put(wrong, test);
            String text = all.entrySet().stream()
                    .map(line -> line.getKey() + SEPARATOR + line.getValue() + "\n")
                    .collect(Collectors.joining());
            channel.truncate(0);
            channel.write(ByteBuffer.wrap(text.getBytes(UTF_8)), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
