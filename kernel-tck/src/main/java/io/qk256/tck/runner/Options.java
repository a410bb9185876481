package io.qk256.tck.runner;

import io.qk256.spi.support.OutputFile;
import io.qk256.spi.support.UserError;
import io.qk256.tck.Rules;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;

/**
 * The options of the command line.
 *
 * @param provider the kernel's name
 * @param plugins a directory of jars, and of folders of jars, that is added to the module path
 * @param modulePath additional entries of the module path
 * @param plugin the jar, or the folder of jars, that contains the kernel: it is added to the module path, and its hash
 *     is the one reported
 * @param nativeAccess whether kernels may run native code
 * @param format the format of the report on standard output
 * @param save files to which the report is also written, in the formats of their extensions
 * @param certify the directory for a certificate if everything passes
 * @param rules numbers of the rules to run; empty for all
 * @param seed the seed of the first random case
 * @param random number of random cases
 * @param timeLimit the time limit for each test
 * @param jvmOptions additional options for the JVM that the kernel runs in
 */
record Options(
        String provider,
        Optional<Path> plugins,
        List<Path> modulePath,
        Optional<Path> plugin,
        boolean nativeAccess,
        Format format,
        List<Path> save,
        Optional<Path> certify,
        List<Integer> rules,
        long seed,
        int random,
        Duration timeLimit,
        List<String> jvmOptions) {

    static final String USAGE = """
            usage: java -p MODULES -m io.qk256.tck/io.qk256.tck.runner.TckMain --provider NAME [options]

            Runs the contract of kernels, all rules of SPEC.md, on the kernel of that name, in a JVM of its own.

              --provider NAME      the kernel
              --plugins DIR        look for it in the jars, and the folders of jars, of this directory as well
              --module-path PATH   look for it on this module path as well
              --plugin PATH        look for it in this jar or folder of jars as well, and report the hash of all of it
              --no-native          kernels may not run native code
              -o FORMAT            table (default), json, xml (JUnit's) or md, to standard output
              --save FILE          write the report to a file as well, in the format of its ending; may be repeated
              --certify DIR        if all is well, write the certificate DIR/NAME.certificate.json
              --rule N             this rule only; may be repeated
              --seed N             seed of the first random case (default: a new one each time)
              --random N           number of random cases (default: 200)
              --time-limit SECONDS a test that takes longer hangs (default: 20)
              --jvm-option OPTION  an option of the JVM that the kernel runs in; may be repeated
              --help

            Exit codes: 0 every MUST rule passed; 1 a rule failed or did not run; 2 wrong usage; 3 this machine cannot
            run the kernel.
            """;

    /** The default number of random cases. */
    static final int RANDOM = 200;

    private static final int MAX_SEED = 1_000_000_000;

    /**
     * Parses a command line.
     *
     * @throws UserError if it is invalid; the message says why
     */
    static Options parse(String... args) {
        Deque<String> words = new ArrayDeque<>(Arrays.asList(args));
        Optional<String> provider = Optional.empty();
        Optional<Path> plugins = Optional.empty();
        List<Path> modulePath = new ArrayList<>();
        Optional<Path> plugin = Optional.empty();
        boolean nativeAccess = true;
        Format format = Format.TABLE;
        List<Path> save = new ArrayList<>();
        Optional<Path> certify = Optional.empty();
        List<Integer> rules = new ArrayList<>();
        long seed = ThreadLocalRandom.current().nextInt(MAX_SEED);
        int random = RANDOM;
        Duration timeLimit = Duration.ofSeconds(20);
        List<String> jvmOptions = new ArrayList<>();
        while (!words.isEmpty()) {
            String option = words.pop();
            switch (option) {
                case "--provider" -> provider = Optional.of(value(option, words));
                case "--plugins" -> plugins = Optional.of(path(option, words));
                case "--module-path" -> modulePath.addAll(ModulePath.split(value(option, words)));
                case "--plugin" -> plugin = Optional.of(path(option, words));
                case "--no-native" -> nativeAccess = false;
                case "-o" -> format = Format.named(value(option, words));
                case "--save" -> save.add(file(option, words));
                case "--certify" -> certify = Optional.of(path(option, words));
                case "--rule" ->
                    rules.add(
                            Math.toIntExact(number(option, words, 1, Rules.all().size())));
                case "--seed" -> seed = number(option, words, Long.MIN_VALUE, Long.MAX_VALUE);
                case "--random" -> random = Math.toIntExact(number(option, words, 1, Integer.MAX_VALUE));
                case "--jvm-option" -> jvmOptions.add(value(option, words));
                case "--time-limit" -> timeLimit = Duration.ofSeconds(number(option, words, 1, 86_400));
                default -> throw new UserError("unknown option: " + option + "; --help lists them");
            }
        }
        if (certify.isPresent() && !rules.isEmpty()) {
            throw new UserError("--certify: a certificate needs all rules; omit --rule");
        }
        String name = provider.orElseThrow(() -> new UserError("--provider NAME is missing"));
        return new Options(
                name,
                plugins,
                modulePath,
                plugin,
                nativeAccess,
                format,
                save,
                certify,
                rules,
                seed,
                random,
                timeLimit,
                jvmOptions);
    }

    private static Path file(String option, Deque<String> words) {
        Path file = path(option, words);
        Format.ofFile(file.toString());
        return file;
    }

    private static Path path(String option, Deque<String> words) {
        String name = value(option, words);
        try {
            return Path.of(name);
        } catch (InvalidPathException e) {
            throw new UserError(option + " " + name + ": is not a valid file name here: " + e.getMessage(), e);
        }
    }

    /** The file for a certificate. */
    Optional<OutputFile> certificate() {
        return certify.map(directory -> OutputFile.in(directory, provider + ".certificate.json"));
    }

    /** All files to write. */
    List<OutputFile> outputs() {
        return Stream.concat(save.stream().map(OutputFile::of), certificate().stream())
                .toList();
    }

    private static String value(String option, Deque<String> words) {
        if (words.isEmpty()) {
            throw new UserError(option + ": its value is missing");
        }
        return words.pop();
    }

    private static long number(String option, Deque<String> words, long least, long most) {
        String text = value(option, words);
        try {
            long number = Long.parseLong(text);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // The error message below covers this.
        }
        throw new UserError(option + ": '" + text + "', expected an integer from " + least + " to " + most);
    }
}
