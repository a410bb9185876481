package io.qk256.app.commands;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;

/** Command lines that somebody could type, most of them wrong: every command, its options, and hostile values. */
final class CommandLines {

    private static final String[] NUMBERS = {
        "0", "1", "2", "-1", "3", "16", "2147483648", "1e9", "0.5", "NaN", "abc", "", " ", "٣"
    };
    private static final String[] TEXTS = {
        "Once",
        "",
        " ",
        "@file",
        "-",
        "--",
        "Café 漢字 😀",
        "\u001b[31m\u0007",
        "\u202egnp",
        "a\nb\r\tc",
        "%s%n",
        "x".repeat(5000),
        "fox ".repeat(300)
    };

    /** Options and what they take: a number, a text, a file, a kernel, nothing, or one of some words. */
    private static final String[][] COMMANDS = {
        {"", "--kernel K", "--require K", "--cpu-features avx2,none,avx9", "-v", "--help", "--version"},
        {
            "run",
            "-p T",
            "-n N",
            "--temp N",
            "--top-p N",
            "--seed N",
            "--threads N",
            "-f F",
            "-m F",
            "--chat",
            "--system T",
            "--template bitnet,chatml,T",
            "--think",
            "--head q8,f16,q4"
        },
        {"perplexity", "-f F", "-m F", "--windows N", "--window N", "--json", "--threads N"},
        {"embed", "T", "-m F", "--nfc", "--pooling mean,first,last,T", "-o O", "--threads N"},
        {"bench-model", "--kernels K", "--thread-counts N", "--seconds 0.001,0,x", "--json", "-m F", "--plot O"},
        {"bench-serve", "--clients 0,x", "--tokens 2,0,x", "--prefix 8,0,x", "--json", "-m F", "--kernel K"},
        {"kernels", "--json", "--kernel K", "--plugins F", "--allow-native T", "--probe-seconds N"},
        {"explain", "K", "K", "--cpu-features none,avx2", "-v"},
        {"check", "F", "--json", "--kernel K"},
        {"inspect", "F", "--json", "--i2s-layout x86,arm,T", "-v"},
        {"dequantize", "F", "T", "-o O"},
        {
            "serve",
            "--port N",
            "--parallel N",
            "--queue N",
            "--context N",
            "--timeout N",
            "--drain N",
            "--api-key 0123456789abcdef,T",
            "--allowed-host T",
            "--cors-origin http://localhost:3000,*,T",
            "--name T",
            "-m F",
            "--template bitnet,chatml,T",
            "--pooling mean,T",
            "--kernel K"
        },
        {"pull", "T", "--json"}, // No text is a name of the hub: nothing is downloaded.
        {"convert", "F", "-o O", "--type qk256,tq2_0,i2_s,T", "--threads N"},
        {
            "bench",
            "--quick",
            "--kernels K",
            "--shapes N,64",
            "--rounds N",
            "--time N",
            "--compare T",
            "--dir F",
            "-o json,xml,T"
        },
        {"tck", "--provider K", "--rule N", "--seed N", "--random N", "-o json,md,T", "--save O", "--time-limit N"},
    };

    private final List<String> files;
    private final List<String> outputs;
    private final SplittableRandom random;

    private CommandLines(List<String> files, List<String> outputs, SplittableRandom random) {
        this.files = files;
        this.outputs = outputs;
        this.random = random;
    }

    /** Creates the files that the command lines name. */
    static List<String> files(Path dir) throws IOException {
        Path demo = dir.resolve("demo é.gguf");
        try (InputStream model = CommandLines.class.getResourceAsStream("/io/qk256/app/check/demo-tq2_0.gguf")) {
            Files.copy(Objects.requireNonNull(model), demo);
        }
        byte[] bytes = Files.readAllBytes(demo);
        return List.of(
                demo.toString(),
                Files.write(dir.resolve("cut.gguf"), java.util.Arrays.copyOf(bytes, 1000))
                        .toString(),
                Files.createFile(dir.resolve("empty.gguf")).toString(),
                Files.writeString(dir.resolve("text.txt"), "Once upon a time there was a fox.\n".repeat(20))
                        .toString(),
                Files.write(dir.resolve("latin1.txt"), new byte[] {'a', (byte) 0xE9, 'b'})
                        .toString(),
                Files.createDirectory(dir.resolve("folder")).toString(),
                dir.resolve("absent").toString());
    }

    /**
     * Returns a command line whose outputs are in a directory.
     *
     * @param children whether it may be a command that only starts another JVM
     */
    static List<String> next(List<String> files, Path out, boolean children, SplittableRandom random) {
        List<String> outputs =
                List.of(out.resolve("out").toString(), out.resolve("absent/out").toString(), out.toString());
        return new CommandLines(files, outputs, random).next(children ? COMMANDS.length : COMMANDS.length - 2);
    }

    private List<String> next(int commands) {
        String[] command = COMMANDS[random.nextInt(commands)];
        List<String> line = new ArrayList<>();
        if (!command[0].isEmpty()) {
            line.add(command[0]);
        }
        for (int i = 1; i < command.length; i++) {
            // The first options are often required.
            if (random.nextInt(i < 3 ? 4 : 3) > (i < 3 ? 0 : 1)) {
                for (String word : command[i].split(" ", -1)) {
                    line.add(value(word));
                }
            }
        }
        if (command[0].equals("serve")) { // No machine has this address, so it never serves.
            line.add("--host=203.0.113.1");
        }
        if (random.nextInt(20) == 0) {
            line.add(oneOf(TEXTS));
        }
        return line;
    }

    private String value(String word) {
        String kind = word.contains(",") ? oneOf(word.split(",", -1)) : word;
        return switch (kind) {
            case "N" -> oneOf(NUMBERS);
            case "T" -> oneOf(TEXTS);
            case "F" -> files.get(random.nextInt(files.size()));
            case "O" -> outputs.get(random.nextInt(outputs.size()));
            case "K" -> random.nextBoolean() ? "scalar" : oneOf(new String[] {"avx2-vector", "scaler", "", "\u001b[m"});
            default -> kind;
        };
    }

    private String oneOf(String[] words) {
        return words[random.nextInt(words.length)];
    }
}
