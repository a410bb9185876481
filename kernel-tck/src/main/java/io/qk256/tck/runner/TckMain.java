package io.qk256.tck.runner;

import io.qk256.spi.support.OutputFile;
import io.qk256.spi.support.PrintableText;
import io.qk256.spi.support.StandardStream;
import io.qk256.spi.support.UserError;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The command line of the compatibility kit (TCK). */
public final class TckMain {

    private static final int USAGE = 2;
    private static final int FAILED = 1;

    private TckMain() {}

    /** Tests a provider; {@code --help} lists the options and the exit codes. */
    public static void main(String[] args) throws InterruptedException {
        StandardStream output = StandardStream.output();
        PrintStream out = new PrintStream(output, false, StandardCharsets.UTF_8);
        int code = run(out, System.err, args);
        out.flush();
        Optional<String> loss = output.loss();
        loss.ifPresent(reason -> System.err.println(
                "tck: standard output: cannot be written: " + reason + "; the report is not complete"));
        System.exit(loss.isPresent() && code == 0 ? FAILED : code);
    }

    static int run(PrintStream out, PrintStream err, String... args) throws InterruptedException {
        if (Arrays.asList(args).contains("--help")) {
            out.print(Options.USAGE);
            return 0;
        }
        try {
            return test(Options.parse(args), out, err);
        } catch (UserError e) {
            err.println("tck: " + PrintableText.line(String.valueOf(e.getMessage()), 3000));
            return USAGE;
        } catch (IOException e) {
            err.println("tck: " + PrintableText.line(String.valueOf(e.getMessage()), 3000));
            return FAILED;
        }
    }

    private static int test(Options options, PrintStream out, PrintStream err)
            throws IOException, InterruptedException {
        for (OutputFile file : options.outputs()) {
            file.requireWritable();
        }
        long start = System.nanoTime();
        Supervisor run = new Supervisor(options);
        run.run();
        Optional<List<String>> otherNames = run.otherNames();
        if (otherNames.isPresent()) {
            err.println("tck: no kernel is called '" + options.provider() + "'; there are: "
                    + PrintableText.line(String.join(", ", otherNames.get()), 3000));
            return USAGE;
        }
        Report report = Report.of(run, options, (System.nanoTime() - start) / 1_000_000);
        out.print(options.format().write(report));
        out.flush();
        for (Path file : options.save()) {
            OutputFile.of(file).write(Format.ofFile(file.toString()).write(report));
        }
        if (options.certificate().isPresent()
                && report.certify(options.certificate().get())) {
            err.println("tck: wrote " + options.certificate().get());
        }
        return report.verdict().exitCode();
    }
}
