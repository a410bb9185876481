import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/** What a source file is compiled for: the instruction-set tier that its name ends with, or any x86-64. */
enum Tier {
    /** All code outside a tier runs before the CPU is known. */
    BASELINE("", List.of(), "", "%[yz]mm|" + Tier.TILES),

    AVX2("avx2", List.of("-mavx2", "-mfma", "-mf16c"), "", Tier.AVX512_REGISTERS + "|\\bvpdp\\w+|" + Tier.TILES),

    AVX_VNNI(
            "avxvnni",
            List.of("-mavx2", "-mfma", "-mf16c", "-mavxvnni"),
            "__m256i f(__m256i a) { return _mm256_dpbusd_avx_epi32(a, a, a); }",
            Tier.AVX512_REGISTERS + "|" + Tier.TILES),

    /** Tiles, in addition to the instructions of AVX-512 VNNI. */
    AMX(
            "amx",
            List.of("-mf16c", "-mavx512f", "-mavx512bw", "-mavx512vl", "-mavx512vnni", "-mamx-tile", "-mamx-int8"),
            "void f(void) { _tile_zero(0); _tile_dpbusd(0, 1, 2); }"
                    + " int g(void) { return __builtin_cpu_supports(\"avx512vnni\"); }",
            Tier.BEYOND_AVX512_VNNI),

    /** Excludes DQ, extensions for bytes and bits (VBMI and the like), and half precision but for F16C. */
    AVX512_VNNI(
            "avx512vnni",
            List.of("-mf16c", "-mavx512f", "-mavx512bw", "-mavx512vl", "-mavx512vnni"),
            "__m512i f(__m512i a) { return _mm512_dpbusd_epi32(a, a, a); }"
                    + " int g(void) { return __builtin_cpu_supports(\"avx512vnni\"); }",
            Tier.BEYOND_AVX512_VNNI + "|" + Tier.TILES);

    /** AVX-512: wider registers, more of them, and masks. */
    private static final String AVX512_REGISTERS = "%(zmm\\d+|[xy]mm(1[6-9]|2\\d|3[01])|k[0-7])\\b";

    private static final String BEYOND_AVX512_VNNI = "\\b(v(and|andn|or|xor)p[sd]\\b.*%zmm"
            + "|v(insert|extract|broadcast)[fi](64x2|32x8|32x2)|vpmullq|vcvt\\w*qq\\w*|v(range|reduce|fpclass)\\w+"
            + "|vpmov([dq]2m|m2[dq])|k(\\w+)b\\b|vpmadd52\\w+|vperm[it]?2?b\\b|vpmultishiftqb|vpsh[lr]d\\w*"
            + "|vp(compress|expand)[bw]|vpopcnt\\w+|vpshufbitqmb|vdpbf16ps|vcvtne\\w+|v(?!cvtps2ph\\b)\\w+[ps]hx?\\b|vcvtph2psx)";

    private static final String TILES = "%tmm|\\b(ld|st)tilecfg\\b|\\btilerelease\\b";

    /** The ending of its files' names, after an underscore. */
    final String suffix;

    /** Compiler options in addition to those of every file. */
    final List<String> options;

    /** Code that the compiler must understand to compile the tier; empty if every compiler does. */
    final String probe;

    /** Matches lines that must not occur in its disassembly. */
    final Pattern beyond;

    Tier(String suffix, List<String> options, String probe, String beyond) {
        this.suffix = suffix;
        this.options = options;
        this.probe = probe;
        this.beyond = Pattern.compile(beyond);
    }

    /** The tier of a source file. */
    static Tier of(Path source) {
        String suffix = source.toString().replaceFirst(".*_(\\w+)\\.c$", "$1");
        return Arrays.stream(values())
                .filter(tier -> tier.suffix.equals(suffix))
                .findFirst()
                .orElse(BASELINE);
    }
}
