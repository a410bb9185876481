package io.qk256.app.commands;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Wrong options give a one-line message and exit code 2. */
class WrongUsageTest {

    /** {@code --plugins "$UNSET"} must not load the current directory. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "kernels --plugins=EMPTY",
                "run -m EMPTY",
                "run -f EMPTY",
                "perplexity -f EMPTY",
                "inspect EMPTY",
                "check EMPTY",
                "dequantize f t -o EMPTY",
                "convert f --type=qk256 -o EMPTY",
                "bench --quick --plot EMPTY",
                "bench-model --plot EMPTY",
                "tck --provider scalar --certify EMPTY"
            })
    void takesNoEmptyNameForTheCurrentDirectory(String arguments) {
        CommandLineRun run = CommandLineRun.of(Arrays.stream(arguments.split(" "))
                .map(argument -> argument.replace("EMPTY", ""))
                .toArray(String[]::new));
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).contains("'' is not a file name");
        assertThat(run.err().lines()).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            run --head bogus | see 'qk256 run --help'
            run -n abc | see 'qk256 run --help'
            run --bogus | see 'qk256 run --help'
            run -p a -f b | see 'qk256 run --help'
            bogus | see 'qk256 --help'
            help bogus | Unknown subcommand 'bogus'; see 'qk256 --help'
            convert | see 'qk256 convert --help'
            run -n 0 | -n: 0, expected 1 or more
            run -f /nowhere/at/all | /nowhere/at/all: no such file
            run --temp NaN | temperature is NaN, expected 0 to 100
            kernels --cpu-features bogus | --cpu-features: 'bogus' is not a CPU feature
            kernels --plugins /nowhere/at/all | --plugins /nowhere/at/all: no such directory
            explain bogus | bogus
            check /nowhere/at/all | /nowhere/at/all: no such file
            bench --shapes x | shape: 'x', expected
            bench-model --nfc | --nfc is about texts, but bench-model reads none
            bench-model --write x.gguf | --write needs --shape, which says what to write
            bench-model --shape 2b --write x.gguf --json | --write measures nothing
            run --threads 100000 | --threads: 100000, expected 1 to 1024
            run --threads 0 | --threads: 0, expected 1 to 1024
            convert f --type=qk256 -o x --threads 100000 | --threads: 100000, expected 1 to 1024
            convert f --type=qk256 -o x --round-scales | --round-scales is for types with f16 scales
            bench-model --thread-counts 1,100000 | --thread-counts: 100000, expected 1 to 1024
            bench-model --thread-counts 1 --threads 1 | use only one of them
            bench-model --heads q8 --head q8 | use only one of them
            bench-model --kernels scalar --kernel scalar | use only one of them
            bench-model --seconds NaN | --seconds: NaN, expected more than 0, up to 3600
            bench --quick --rounds 100000 | --rounds: 100000, expected 1 to 1000
            bench --quick --time 99999999 | --time: 99999999, expected 1 to 60000
            kernels --probe-seconds 0 | --probe-seconds: 0, expected 1 to 3600
            run --mapped | --mapped uses the weights of a file, but no file is named
            run -m model.gguf --mapped --head q8 | --mapped uses the head as the file has it
            run -m model.gguf --mapped --head screened | but --head screened makes a copy of it in memory
            run --cache | --cache keeps the repacked model of a file, but no file is named
            run --i2s-layout arm | --i2s-layout applies to a file, but no file is named
            check --i2s-layout arm | --i2s-layout applies to a file, but no file is named
            run --raw --chat | use only one of them
            run --json --chat | use only one of them
            run --template bogus | chat template 'bogus', expected one of bitnet, chatml
            run --raw --system hi | --raw continues the text as it is, and --system is about conversations
            run --raw --no-think | and --think is about conversations; give one of them
            perplexity -f /nowhere/at/all --windows 0 | --windows: 0, expected 1 or more
            run --skip columns | Invalid value for option '--skip'
            bench-model --density 0.3,0.1 | add --shape 2b
            bench-model --shape 2b --density 0.1,0.3 | --density: '0.1,0.3', expected the part of the gates
            bench-model --shape 2b --density 0.3 | --density: '0.3', expected the part of the gates
            bench-model --shape bonsai-1.7b --density 0.3,0.1 | --density needs a model with squared ReLU
            run -m hf:owner | 'hf:owner' is no model of the hub, expected hf:OWNER/REPO
            inspect hf:qk256-no-such-owner/none | download it with 'qk256 pull hf:qk256-no-such-owner/none'
            run -m hf:qk256-no-such-owner/none:a.gguf | is not in the cache of the hub
            pull | see 'qk256 pull --help'
            pull owner/repo | 'owner/repo' is no model of the hub
            pull hf:owner/repo:../x.gguf | '../x.gguf' is no GGUF file of a repository
            bench --compare bogus | no results are named 'bogus'
            """)
    void isOneLine(String arguments, String told) {
        CommandLineRun run = CommandLineRun.of(arguments.split(" "));
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).startsWith("qk256: ").contains(told);
        assertThat(run.err().lines()).hasSize(1);
        assertThat(run.out()).isEmpty();
    }
}
