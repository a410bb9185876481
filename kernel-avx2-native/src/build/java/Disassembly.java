import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Looks at every instruction of machine code. One of a wider tier than the file's would be a crash on some other machine,
 * and so would one that touches memory which its mask excludes.
 */
final class Disassembly {

    /** AVX-512: wider registers, more of them, and masks. */
    private static final String AVX512 = "%(zmm\\d+|[xy]mm(1[6-9]|2\\d|3[01])|k[0-7])\\b";

    /** AVX-512 beyond F, BW, VL and VNNI: DQ, and what works on bytes and bits (VBMI and the like) or half precision. */
    private static final Pattern BEYOND_AVX512_VNNI = Pattern.compile("\\b(v(and|andn|or|xor)p[sd]\\b.*%zmm"
            + "|v(insert|extract|broadcast)[fi](64x2|32x8|32x2)|vpmullq|vcvt\\w*qq\\w*|v(range|reduce|fpclass)\\w+"
            + "|vpmov([dq]2m|m2[dq])|k(\\w+)b\\b|vpmadd52\\w+|vperm[it]?2?b\\b|vpmultishiftqb|vpsh[lr]d\\w*"
            + "|vp(compress|expand)[bw]|vpopcnt\\w+|vpshufbitqmb|vdpbf16ps|vcvtne\\w+|v\\w+[ps]h\\b)");

    private static final Pattern BEYOND_AVX_VNNI = Pattern.compile(AVX512);
    private static final Pattern BEYOND_AVX2 = Pattern.compile(AVX512 + "|\\bvpdp\\w+");

    /** Everything outside a tier runs before the CPU is known. */
    private static final Pattern BEYOND_BASELINE = Pattern.compile("%[yz]mm");

    /**
     * The instructions that touch all of their memory, whatever the mask says: those of the exception classes E4NF, E5NF and
     * E6NF (Intel's manual, volume 2, "EVEX exception classes"), and by the data of Intel's XED three more. Only the first
     * kind stores.
     */
    private static final Pattern WITHOUT_FAULT_SUPPRESSION = Pattern.compile("\\bv(extract[fi]\\d+x\\d+"
            + "|insert[fi]\\d+x\\d+|shuf[fi]\\d+x\\d+|shufp[sd]|unpck[hl]p[sd]|perm\\w+|align[dq]|(db|m)psadbw"
            + "|mov(d|sh|sl)dup|pack\\w+|palignr|pconflict[dq]|pmadd(ubsw|wd)|pmultishiftqb|pshuf(b|d|hw|lw)"
            + "|ps(ll|ra|rl)[dqw]|punpck\\w+|gf2p8affine\\w+|cvtne2ps2bf16)\\b.*\\((?!%rip)[^)]*\\).*\\{%k");

    /** A variable in the symbol table: all kernels of a process would share it. Constants are in other sections. */
    private static final Pattern VARIABLE = Pattern.compile(" O \\.(t?bss|t?data|data\\.rel(\\.local)?)\\s");

    private static final String SYMBOLS = "symbols";

    private Disassembly() {}

    /** Whether there is a program that disassembles. */
    static boolean isPossible() {
        return CCompiler.succeeds(List.of("objdump", "--version"), Map.of());
    }

    /**
     * Ends the build if there is an instruction in the file that must not be there.
     *
     * @param tier of the file, as the names of sources end
     */
    static void check(Path binary, String tier) {
        if (isPossible()) {
            refuse(binary, tier, of(binary, "-d"));
            if (binary.toString().endsWith(".o")) {
                refuse(binary, SYMBOLS, of(binary, "-t"));
            }
        }
    }

    private static void refuse(Path binary, String tier, String lines) {
        Optional<String> refused = lines.lines()
                .map(line -> refusal(line, tier))
                .flatMap(Optional::stream)
                .findFirst();
        if (refused.isPresent()) {
            throw new CCompiler.BuildFailure(binary + ": " + refused.get());
        }
    }

    /** How many instructions of the file have a name that begins so. */
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

    /** Why a line of a disassembly, or of a table of symbols, must not be in a file of a tier; empty if it may. */
    static Optional<String> refusal(String line, String tier) {
        String instruction = line.strip().replace('\t', ' ');
        if (tier.equals(SYMBOLS)) {
            return VARIABLE.matcher(line).find()
                    ? Optional.of(instruction + " is a variable, which all kernels would share; make it an argument")
                    : Optional.empty();
        }
        if (WITHOUT_FAULT_SUPPRESSION.matcher(line).find()) {
            return Optional.of(
                    instruction + " touches memory that its mask excludes; mask an instruction that does not,"
                            + " such as a plain load or store");
        }
        if (beyond(tier).matcher(line).find()) {
            return Optional.of(
                    instruction + " goes beyond the tier; give the compiler no -m options beyond the tier's");
        }
        return Optional.empty();
    }

    private static Pattern beyond(String tier) {
        return switch (tier) {
            case "avx2" -> BEYOND_AVX2;
            case CCompiler.AVX_VNNI -> BEYOND_AVX_VNNI;
            case CCompiler.AVX512_VNNI -> BEYOND_AVX512_VNNI;
            default -> BEYOND_BASELINE;
        };
    }
}
