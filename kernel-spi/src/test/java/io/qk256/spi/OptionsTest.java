package io.qk256.spi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.constantpool.Utf8Entry;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * A library mentions no option of a program that uses it, because programs differ. JVM options are the same for
 * all.
 */
class OptionsTest {

    private static final Pattern OPTION = Pattern.compile("(?<![-\\w])--[a-z][a-z-]*");
    private static final Set<String> OF_THE_JVM =
            Set.of("--add-modules", "--enable-native-access", "--illegal-native-access");

    @Test
    void noClassNamesAnOptionOfTheCommandLine() throws IOException, URISyntaxException {
        Path classes = Path.of(
                Kernel.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        List<String> seen = new ArrayList<>();
        try (Stream<Path> files = Files.walk(classes)) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith(".class")).toList()) {
                for (String option : options(file)) {
                    seen.add(file.getFileName() + ": " + option);
                }
            }
        }
        assertThat(seen).as("the search finds what is there").anyMatch(line -> line.endsWith(": --add-modules"));
        seen.removeIf(line -> OF_THE_JVM.contains(line.substring(line.lastIndexOf(' ') + 1)));
        assertThat(seen).isEmpty();
    }

    /** Options in the strings of a class, including concatenated ones. */
    private static List<String> options(Path file) throws IOException {
        List<String> options = new ArrayList<>();
        for (PoolEntry entry : ClassFile.of().parse(file).constantPool()) {
            if (entry instanceof Utf8Entry text) {
                OPTION.matcher(text.stringValue())
                        .results()
                        .map(MatchResult::group)
                        .forEach(options::add);
            }
        }
        return options;
    }
}
