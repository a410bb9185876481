package io.qk256.app.commands;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Options that are wrong: one line that says so, and exit code 2. */
class WrongUsageTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            run --head bogus | see 'qk256 run --help'
            run -n abc | see 'qk256 run --help'
            run --bogus | see 'qk256 run --help'
            run -p a -f b | see 'qk256 run --help'
            bogus | see 'qk256 --help'
            convert | see 'qk256 convert --help'
            run -n 0 | -n: 0, expected 1 or more
            run -f /nowhere/at/all | /nowhere/at/all: no such file
            run --temp NaN | temperature is NaN, expected 0 to 100
            kernels --cpu-features bogus | --cpu-features: 'bogus' is no CPU feature
            kernels --plugins /nowhere/at/all | --plugins /nowhere/at/all: there is no such directory
            explain bogus | bogus
            check /nowhere/at/all | /nowhere/at/all: no such file
            bench --shapes x | shape: 'x', expected
            bench --compare bogus | no results are called 'bogus'
            """)
    void isOneLine(String arguments, String told) {
        CommandLineRun run = CommandLineRun.of(arguments.split(" "));
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).startsWith("qk256: ").contains(told);
        assertThat(run.err().lines()).hasSize(1);
        assertThat(run.out()).isEmpty();
    }
}
