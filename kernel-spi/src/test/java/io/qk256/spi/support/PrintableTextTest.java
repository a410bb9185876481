package io.qk256.spi.support;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PrintableTextTest {

    @Test
    void ordinaryTextOfAnyScriptStaysAsItIs() {
        String text = "bitnet-b1.58 Grüße 日本語 العربية 😀 \\n";
        assertThat(PrintableText.line(text)).isSameAs(text);
    }

    @ParameterizedTest
    @CsvSource({
        "001b, \\u001b", "0007, \\u0007", "000a, \\u000a", "000d, \\u000d", "0009, \\u0009", "0000, \\u0000",
        "007f, \\u007f", "009b, \\u009b", "202e, \\u202e", "2066, \\u2066", "200f, \\u200f", "2028, \\u2028",
        "feff, \\ufeff", "d800, \\ud800", "e0041, \\u{e0041}"
    })
    void whatWouldCommandTheTerminalIsShown(String hex, String shown) {
        String text = "a" + Character.toString(Integer.parseInt(hex, 16)) + "b";
        assertThat(PrintableText.line(text)).isEqualTo("a" + shown + "b");
    }

    @Test
    void aBlockKeepsItsLinesAndNothingElse() {
        assertThat(PrintableText.block("a\n\tb\r\u001b[2J", 100)).isEqualTo("a\n\tb\\u000d\\u001b[2J");
    }

    @Test
    void theLengthIsBounded() {
        String text = "x".repeat(10_000_000);
        assertThat(PrintableText.line(text)).isEqualTo("x".repeat(500) + "... (10000000 characters)");
        assertThat(PrintableText.line("abc", 3)).isEqualTo("abc");
        assertThat(PrintableText.line("a😀b", 2)).isEqualTo("a... (4 characters)");
        assertThatIllegalArgumentException().isThrownBy(() -> PrintableText.line("a", 0));
    }
}
