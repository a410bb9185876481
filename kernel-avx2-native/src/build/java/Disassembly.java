import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * Checks every instruction of machine code. An instruction of a wider tier than the file's would crash on some
 * machines, and so would one that accesses memory which its mask excludes.
 */
final class Disassembly {

    /**
     * The instructions that access all of their memory operand, whatever the mask: those of the exception classes E4NF,
     * E5NF and E6NF (Intel's manual, volume 2, "EVEX exception classes"), and three more according to the data of
     * Intel's XED. Only the first alternative of the pattern (vextract) stores.
     */
    private static final Pattern WITHOUT_FAULT_SUPPRESSION = Pattern.compile("\\bv(extract[fi]\\d+x\\d+"
            + "|insert[fi]\\d+x\\d+|shuf[fi]\\d+x\\d+|shufp[sd]|unpck[hl]p[sd]|perm\\w+|align[dq]|(db|m)psadbw"
            + "|mov(d|sh|sl)dup|pack\\w+|palignr|pconflict[dq]|pmadd(ubsw|wd)|pmultishiftqb|pshuf(b|d|hw|lw)"
            + "|ps(ll|ra|rl)[dqw]|punpck\\w+|gf2p8affine\\w+|cvtne2ps2bf16)\\b.*\\((?!%rip)[^)]*\\).*\\{%k");

    /** A variable in the symbol table, which all kernels of a process would share. Constants are in other sections. */
    private static final Pattern VARIABLE = Pattern.compile(" O \\.(t?bss|t?data|data\\.rel(\\.local)?)\\s");

    private Disassembly() {}

    /** Whether objdump is installed. */
    static boolean isPossible() {
        return CCompiler.succeeds(List.of("objdump", "--version"), Map.of());
    }

    /** Ends the build if the file has a forbidden instruction, or an object file has a variable. */
    static void check(Path binary, Tier tier) {
        if (isPossible()) {
            refuse(binary, of(binary, "-d"), line -> refusal(line, tier));
            if (binary.toString().endsWith(".o")) {
                refuse(binary, of(binary, "-t"), Disassembly::symbolRefusal);
            }
        }
    }

    private static void refuse(Path binary, String lines, Function<String, Optional<String>> refusal) {
        Optional<String> refused =
                lines.lines().map(refusal).flatMap(Optional::stream).findFirst();
        if (refused.isPresent()) {
            throw new CCompiler.BuildFailure(binary + ": " + refused.get());
        }
    }

    /** Counts the instructions of the file whose name starts with {@code name}. */
    static long count(Path binary, String name) {
        return of(binary, "-d")
                .lines()
                .filter(line -> line.contains("\t" + name))
                .count();
    }

    private static String of(Path binary, String what) {
        CCompiler.Outcome disassembly = CCompiler.run(
                        List.of("objdump", what, "--no-show-raw-insn", binary.toString()), Map.of())
                .orElseThrow(() -> new CCompiler.BuildFailure("objdump does not run"));
        if (disassembly.exitCode() != 0) {
            throw new CCompiler.BuildFailure("objdump " + what + " " + binary + ": " + disassembly.output());
        }
        return disassembly.output();
    }

    /** Why a line of a symbol table is forbidden; empty if it is allowed. */
    static Optional<String> symbolRefusal(String line) {
        return VARIABLE.matcher(line).find()
                ? Optional.of(line.strip().replace('\t', ' ')
                        + " is a variable, which all kernels would share; make it an argument")
                : Optional.empty();
    }

    /** Why a line of disassembly is forbidden in a file of a tier; empty if it is allowed. */
    static Optional<String> refusal(String line, Tier tier) {
        String instruction = line.strip().replace('\t', ' ');
        if (WITHOUT_FAULT_SUPPRESSION.matcher(line).find()) {
            return Optional.of(
                    instruction + " accesses memory that its mask excludes; mask an instruction that does not,"
                            + " such as a plain load or store");
        }
        if (tier.beyond.matcher(line).find()) {
            return Optional.of(
                    instruction + " goes beyond the tier; give the compiler no -m options beyond the tier's");
        }
        return Optional.empty();
    }
}
