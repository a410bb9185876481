package io.qk256.app.commands;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Wrong options give a one-line message and exit code 2; wrong files are named. */
class WrongUsageTest {

    @TempDir
    private Path dir;

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
            run --temp=-1 | temperature is -1.0, expected 0 to 100
            run --top-p=2 | top-p is 2.0, expected
            run --head=q4 | Invalid value for option '--head'
            run --when-full=forget | Invalid value for option '--when-full'
            run -m /nowhere/at/all | /nowhere/at/all: no such file
            run --kernel=scaler | no kernel is called 'scaler'
            explain avx2-natif | no kernel is called 'avx2-natif'; did you mean avx2-native
            kernels --cpu-features avx3 | 'avx3' is not a CPU feature; there are: [
            kernels --jsom | --jsom
            inspect /nowhere/at/all | /nowhere/at/all: no such file
            inspect f --i2s-layout=x87 | expected one of [X86, ARM, ROWS4]
            convert f -o x --type=q4 | expected one of [TQ1_0, TQ2_0, Q2_0, PQ2_0, PTQ1_0, I2_S, QK256]
            bench-model --shape=3b | --shape: '3b', expected one of 2b, bonsai-1.7b
            bench-model --kernels=scaler | did you mean scalar?
            bench-model --thread-counts=0 | --thread-counts: 0, expected 1 to 1024
            bench -o xml | expected one of
            bench --operations=gemv-i8 --columns=1,4 | only gemm-i8 and gemm-q8 take several columns
            bench --against=-XX:-UseSuperWord --rounds=1 | --rounds: 1, expected 2 or more
            bench --kernels=scaler | did you mean scalar?
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
            bench --alternatives --shapes 1024 | --alternatives decides what is measured
            bench --alternatives -o csv | --alternatives prints a table
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
            bench-serve --clients 0 | --clients: 0, expected 1 to 256
            bench-serve --tokens 1 | --tokens: 1, expected 2
            bench-serve --prefix 0 | --prefix: 0, expected 1
            bench-serve --prefix 1000000 | use smaller numbers for --prefix and --tokens
            bench --compare bogus | no results are named 'bogus'
            """)
    void isOneLine(String arguments, String told) {
        CommandLineRun run = CommandLineRun.of(arguments.split(" "));
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).startsWith("qk256: ").contains(told);
        assertThat(run.err().lines()).hasSize(1);
        assertThat(run.out()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 24, 100, 1000})
    void aTruncatedFileIsNamed(int bytes) throws IOException {
        Path file = demo("truncated.gguf", bytes);
        CommandLineRun run = CommandLineRun.of("check", file.toString());
        assertThat(run.exit()).isEqualTo(ExitCode.FAILED);
        assertThat(run.err()).contains("truncated.gguf").contains("expected").doesNotContain("\tat ");
    }

    @Test
    void aFileThatIsNotWhatItShouldBeIsNamed() throws IOException {
        Path broken = Files.writeString(dir.resolve("broken.gguf"), "GGUF, but not really");
        fails(ExitCode.FAILED, "broken.gguf", "run", "-m", broken.toString());
        Path demo = demo("demo.gguf", Integer.MAX_VALUE);
        String file = demo.toString();
        fails(ExitCode.USAGE, "demo.gguf: is not text in UTF-8", "perplexity", "-f", file);
        fails(ExitCode.USAGE, "is the file to read", "convert", file, "-o", file, "--type=i2_s");
        fails(ExitCode.USAGE, "there is no tensor 'f33'", "dequantize", file, "f33", "-o", "x");
        Path negative = dir.resolve("negative.gguf");
        Files.write(negative, resource("/fixtures/gguf_cases/39_type_neg.gguf", Integer.MAX_VALUE));
        fails(ExitCode.FAILED, "tensor a is of type -1", "inspect", negative.toString());
    }

    private static void fails(int exit, String told, String... arguments) {
        CommandLineRun run = CommandLineRun.of(arguments);
        assertThat(run.exit()).as(run.err()).isEqualTo(exit);
        assertThat(run.err()).contains(told).doesNotContain("\tat ");
        assertThat(run.out()).isEmpty();
    }

    private Path demo(String name, int bytes) throws IOException {
        return Files.write(dir.resolve(name), resource("/io/qk256/app/check/demo-i2_s.gguf", bytes));
    }

    private static byte[] resource(String name, int bytes) throws IOException {
        try (InputStream in = Objects.requireNonNull(WrongUsageTest.class.getResourceAsStream(name), name)) {
            return in.readNBytes(bytes);
        }
    }
}
