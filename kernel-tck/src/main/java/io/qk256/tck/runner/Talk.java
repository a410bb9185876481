package io.qk256.tck.runner;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.qk256.spi.support.PrintableText;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What a child JVM prints, from Java and from native code. It is read to the end, so that the child never blocks, but
 * only partly kept, so that it cannot fill the memory. The child writes marks into the same stream to say what it runs,
 * so each print can be attributed.
 */
final class Talk {

    /**
     * The system property with the word that starts a mark; random for each child, so that no kernel prints it by
     * chance.
     */
    static final String PROPERTY = "qk256.tck.mark";

    /** After this mark, nothing that follows counts as printed by the kernel. */
    static final String NOBODY = "";

    /** After this mark, what was printed before counts as printed by another kernel. */
    static final String FORGET = "\u0002";

    private static final int KEPT = 2000;

    /** The JVM may print its own warnings, such as low memory. */
    private static final Pattern OF_THE_JVM =
            Pattern.compile("(?m)^(?:\\S.* VM warning: .*|\\[[\\d.,]+s?\\]\\[\\w+ *\\]\\[.*)$");

    private final String mark;
    private final Thread reader;
    private String phase = NOBODY;
    private final StringBuilder printed = new StringBuilder();
    private final StringBuilder last = new StringBuilder();
    private long count;
    private Optional<String> print = Optional.empty();

    /** Starts reading. */
    Talk(InputStream from, String mark) {
        this.mark = mark;
        this.reader = Thread.ofPlatform().daemon().name("tck-talk").start(() -> read(from));
    }

    /** The bytes of a mark: everything printed from now on belongs to this phase. */
    static byte[] mark(String word, String phase) {
        return (word + phase + "\n").getBytes(UTF_8);
    }

    private void read(InputStream from) {
        byte[] buffer = new byte[1 << 16];
        String rest = "";
        try (from) {
            for (int length = from.read(buffer); length >= 0; length = from.read(buffer)) {
                rest = accept(rest + new String(buffer, 0, length, ISO_8859_1));
            }
        } catch (IOException e) {
            // An error means the same as the end of the stream.
        }
        add(rest);
    }

    /** Processes the marks and prints in the text; returns the rest, which may be the beginning of a mark. */
    private String accept(String text) {
        int done = 0;
        for (int at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, done)) {
            int end = text.indexOf('\n', at);
            if (end < 0) {
                add(text.substring(done, at));
                return text.substring(at);
            }
            add(text.substring(done, at));
            begin(utf8(text.substring(at + mark.length(), end)));
            done = end + 1;
        }
        int safe = Math.max(done, text.length() - mark.length());
        add(text.substring(done, safe));
        return text.substring(safe);
    }

    private synchronized void add(String text) {
        count += text.length();
        printed.append(text, 0, Math.min(text.length(), KEPT - printed.length()));
        last.append(text, Math.max(0, text.length() - KEPT), text.length());
        last.delete(0, Math.max(0, last.length() - KEPT));
    }

    private synchronized void begin(String next) {
        if (!next.equals(FORGET)) {
            endOfPhase();
        }
        phase = next.equals(FORGET) ? NOBODY : next;
        printed.setLength(0);
        count = 0;
    }

    private void endOfPhase() {
        String text = OF_THE_JVM.matcher(utf8(printed.toString())).replaceAll("");
        boolean ofTheJvm = text.isBlank() && count <= KEPT && !printed.isEmpty();
        if (print.isEmpty() && !phase.equals(NOBODY) && count > 0 && !ofTheJvm) {
            print = Optional.of("seen " + count + " bytes printed during " + phase + ", beginning with '"
                    + PrintableText.line(text, 120) + "', expected none");
        }
    }

    private static String utf8(String bytes) {
        return new String(bytes.getBytes(ISO_8859_1), UTF_8);
    }

    /**
     * Waits until everything is read, but not for orphaned processes of a kernel that hold the other end of the
     * stream.
     */
    void await(Duration most) throws InterruptedException {
        reader.join(most);
    }

    /** Describes the kernel's first print; ignores prints of an unfinished phase, since a dying JVM prints too. */
    synchronized Optional<String> print() {
        return print;
    }

    /** The end of everything that was printed. */
    synchronized String lastWords() {
        return utf8(last.toString()).strip();
    }
}
