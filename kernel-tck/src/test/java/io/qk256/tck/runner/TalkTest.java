package io.qk256.tck.runner;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class TalkTest {

    private static final String WORD = "\u0001word\u0001";

    private final ByteArrayOutputStream stream = new ByteArrayOutputStream();

    private TalkTest mark(String phase) throws IOException {
        stream.write(Talk.mark(WORD, phase));
        return this;
    }

    private TalkTest print(String text) throws IOException {
        stream.write(text.getBytes(UTF_8));
        return this;
    }

    /** Reads the stream as a whole, or byte by byte, so that marks arrive in pieces. */
    private Talk heard(int piece) throws InterruptedException {
        InputStream pieces = new ByteArrayInputStream(stream.toByteArray()) {
            @Override
            public synchronized int read(byte[] buffer, int offset, int length) {
                return super.read(buffer, offset, Math.min(piece, length));
            }
        };
        Talk talk = new Talk(pieces, WORD);
        talk.await(Duration.ofMinutes(1));
        return talk;
    }

    @Test
    void aPrintIsKnownByItsPhase() throws Exception {
        print("the JVM starts\n")
                .mark("opening")
                .print("caf\u00e9")
                .mark("rule 1")
                .mark("");

        for (int piece : new int[] {1, 7, 1 << 16}) {
            assertThat(heard(piece).print())
                    .contains("seen 5 bytes printed during opening, beginning with 'caf\u00e9', expected none");
        }
    }

    @Test
    void whatNobodyPrintsIsNoPrint() throws Exception {
        print("WARNING: Using incubator modules\n")
                .mark("constructor")
                .print("another's")
                .mark(Talk.FORGET);
        mark("rule 1")
                .print("OpenJDK 64-Bit Server VM warning: CodeCache is full.\n")
                .mark("");
        print("after all").mark("");

        assertThat(heard(3).print()).isEmpty();
    }

    @Test
    void aPhaseThatDoesNotEndIsTheJvmsOwnEnd() throws Exception {
        mark("rule 1").print("# A fatal error has been detected");

        assertThat(heard(5).print()).isEmpty();
        assertThat(heard(5).lastWords()).endsWith("# A fatal error has been detected");
    }

    @Test
    void muchIsCountedAndLittleIsKept() throws Exception {
        mark("rule 1").print("x".repeat(3_000_000)).mark("");

        Talk talk = heard(1 << 16);
        assertThat(talk.print().orElse("")).startsWith("seen 3000000 bytes").hasSizeLessThan(300);
        assertThat(talk.lastWords()).hasSizeLessThan(2001);
    }
}
