package io.qk256.llm.text.jinja;

import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** {@code strftime_now}: a date in the form of C's {@code strftime}, in English. */
final class Dates {

    /** Two characters become nine at most, as in "September". */
    static final int MOST_GROWTH = 5;

    private Dates() {}

    static String format(LocalDateTime now, String format, Arguments arguments) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c != '%') {
                out.append(c);
                continue;
            }
            char code = ++i < format.length() ? format.charAt(i) : ' ';
            String pattern = switch (code) {
                case 'd' -> "dd";
                case 'm' -> "MM";
                case 'b' -> "MMM";
                case 'B' -> "MMMM";
                case 'y' -> "uu";
                case 'Y' -> "uuuu";
                case 'a' -> "EEE";
                case 'A' -> "EEEE";
                case 'j' -> "DDD";
                case 'H' -> "HH";
                case 'I' -> "hh";
                case 'p' -> "a";
                case 'M' -> "mm";
                case 'S' -> "ss";
                case '%' -> "'%'";
                default -> throw arguments.error("does not support \"%" + code + "\"");
            };
            out.append(now.format(DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH)));
        }
        return out.toString();
    }
}
