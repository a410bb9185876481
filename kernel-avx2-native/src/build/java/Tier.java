import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/** What sources are compiled for: an instruction-set tier, which the name of a file ends with, or any x86-64. */
enum Tier {
    /** Everything outside a tier runs before the CPU is known. */
    BASELINE("", List.of(), "", "%[yz]mm"),

    AVX2("avx2", List.of("-mavx2", "-mfma"), "", Tier.AVX512_REGISTERS + "|\\bvpdp\\w+"),

    AVX_VNNI(
            "avxvnni",
            List.of("-mavx2", "-mfma", "-mavxvnni"),
            "__m256i f(__m256i a) { return _mm256_dpbusd_avx_epi32(a, a, a); }",
            Tier.AVX512_REGISTERS),

    /** Beyond it are DQ, and what works on bytes and bits (VBMI and the like) or half precision. */
    AVX512_VNNI(
            "avx512vnni",
            List.of("-mavx512f", "-mavx512bw", "-mavx512vl", "-mavx512vnni"),
            "__m512i f(__m512i a) { return _mm512_dpbusd_epi32(a, a, a); }"
                    + " int g(void) { return __builtin_cpu_supports(\"avx512vnni\"); }",
            "\\b(v(and|andn|or|xor)p[sd]\\b.*%zmm"
                    + "|v(insert|extract|broadcast)[fi](64x2|32x8|32x2)|vpmullq|vcvt\\w*qq\\w*|v(range|reduce|fpclass)\\w+"
                    + "|vpmov([dq]2m|m2[dq])|k(\\w+)b\\b|vpmadd52\\w+|vperm[it]?2?b\\b|vpmultishiftqb|vpsh[lr]d\\w*"
                    + "|vp(compress|expand)[bw]|vpopcnt\\w+|vpshufbitqmb|vdpbf16ps|vcvtne\\w+|v\\w+[ps]h\\b)");

    /** AVX-512: wider registers, more of them, and masks. */
    private static final String AVX512_REGISTERS = "%(zmm\\d+|[xy]mm(1[6-9]|2\\d|3[01])|k[0-7])\\b";

    /** How the names of its files end, after an underscore. */
    final String suffix;

    /** The compiler's options, beyond those of every file. */
    final List<String> options;

    /** What the compiler must understand beyond AVX2; empty if that is nothing. */
    final String probe;

    /** What must not be in a line of its disassembly. */
    final Pattern beyond;

    Tier(String suffix, List<String> options, String probe, String beyond) {
        this.suffix = suffix;
        this.options = options;
        this.probe = probe;
        this.beyond = Pattern.compile(beyond);
    }

    /** Of a source file. */
    static Tier of(Path source) {
        String suffix = source.toString().replaceFirst(".*_(\\w+)\\.c$", "$1");
        return Arrays.stream(values())
                .filter(tier -> tier.suffix.equals(suffix))
                .findFirst()
                .orElse(BASELINE);
    }
}
