package io.qk256.spi.selection;

import static io.qk256.spi.JvmFeature.OPTIMIZING_COMPILER;
import static io.qk256.spi.JvmFeature.VECTOR_API;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.qk256.spi.JvmFeature;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JvmTest {

    private static final String HOTSPOT = "OpenJDK 64-Bit Server VM";
    private static final String INTERPRETED = "the JVM runs in interpreted mode; start it without -Xint";
    private static final String C1_ONLY =
            "the JVM compiles with C1 only; start it without -XX:TieredStopAtLevel and -XX:CompilationMode";

    /** As Temurin 25.0.3 reports them: by default, under -Xshare:off, and under -Xcomp. */
    @ParameterizedTest
    @ValueSource(strings = {"mixed mode, sharing", "mixed mode", "compiled mode, sharing"})
    void hotSpotHasAnOptimizingCompiler(String info) {
        Jvm jvm = Jvm.fromProperties(HOTSPOT, "25.0.3+9-LTS", "Eclipse Adoptium", info, "", true);
        assertThat(jvm.missing()).isEmpty();
        assertThat(jvm.description())
                .isEqualTo("OpenJDK 64-Bit Server VM 25.0.3+9-LTS (Eclipse Adoptium, " + info + ")");
    }

    @ParameterizedTest
    @CsvSource({
        "OpenJDK 64-Bit Server VM, 25+37-jvmci-b01, GraalVM Community",
        "Java HotSpot(TM) 64-Bit Server VM, 25+37-LTS-jvmci-b01, Oracle Corporation"
    })
    void graalCompilesVectors(String name, String version, String vendor) {
        assertThat(Jvm.fromProperties(name, version, vendor, "mixed mode, sharing", "", true)
                        .missing())
                .isEmpty();
    }

    /** As Temurin 25.0.3 reports them under -Xint, with and without -Xshare:off. */
    @ParameterizedTest
    @ValueSource(strings = {"interpreted mode, sharing", "interpreted mode"})
    void theInterpreterDoesNotOptimize(String info) {
        assertThat(hotSpot(info)).isEqualTo(Map.of(OPTIMIZING_COMPILER, INTERPRETED));
    }

    /** As Temurin 25.0.3 reports them under -XX:TieredStopAtLevel=1: by default, -Xshare:off, -Xcomp. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "mixed mode, emulated-client, sharing",
                "mixed mode, emulated-client",
                "compiled mode, emulated-client, sharing"
            })
    void c1DoesNotOptimize(String info) {
        assertThat(hotSpot(info)).isEqualTo(Map.of(OPTIMIZING_COMPILER, C1_ONLY));
    }

    @Test
    void openJ9IsRefusedAndDescribedInOneLine() {
        Jvm jvm = Jvm.fromProperties("Eclipse OpenJ9 VM", "11.0.21+9", "Eclipse OpenJ9", """
                        JRE 11 Linux amd64-64-Bit Compressed References 20231122_912 (JIT enabled, AOT enabled)
                        OpenJ9   - 461bf3c70
                        OMR      - 5eee6ad9d
                        JCL      - 0fd7a05277 based on jdk-11.0.21+9""", "", true);
        assertThat(jvm.missing())
                .isEqualTo(Map.of(
                        OPTIMIZING_COMPILER,
                        "OpenJ9 runs Vector API code without vector instructions; use a HotSpot JVM"));
        assertThat(jvm.description())
                .isEqualTo("Eclipse OpenJ9 VM 11.0.21+9 (Eclipse OpenJ9, JRE 11 Linux amd64-64-Bit Compressed"
                        + " References 20231122_912 (JIT enabled, AOT enabled))");
    }

    @Test
    void theVectorModuleCanBeMissingToo() {
        String reason = "jdk.incubator.vector is not in the module graph; put the kernel's jar on the module path,"
                + " or add --add-modules jdk.incubator.vector";
        assertThat(Jvm.fromProperties(HOTSPOT, "25.0.3+9-LTS", "Eclipse Adoptium", "mixed mode, sharing", "", false)
                        .missing())
                .isEqualTo(Map.of(VECTOR_API, reason));
        assertThat(Jvm.fromProperties(HOTSPOT, "25.0.3+9-LTS", "Eclipse Adoptium", "interpreted mode", "", false)
                        .missing())
                .isEqualTo(Map.of(OPTIMIZING_COMPILER, INTERPRETED, VECTOR_API, reason));
    }

    @Test
    void unknownPropertiesAreNoReasonToRefuse() {
        assertThat(Jvm.fromProperties("", "", "", "", "", true).missing()).isEmpty();
    }

    @Test
    void theRunningJvmTellsItsVersion() {
        assertThat(Jvm.current().description()).contains(System.getProperty("java.runtime.version"));
        assertThat(Jvm.current().missing().containsKey(VECTOR_API))
                .isEqualTo(ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void everyLevelBelowC2IsSeenInTheOptions(int level) {
        String options = "-Xmx1g -XX:TieredStopAtLevel=" + level + " -m app/Main";
        assertThat(Jvm.fromProperties(HOTSPOT, "25", "", "mixed mode, sharing", options, true)
                        .missing())
                .containsKey(OPTIMIZING_COMPILER);
    }

    @Test
    void theLevelOfC2IsNoRestriction() {
        String options = "-XX:TieredStopAtLevel=4";
        assertThat(Jvm.fromProperties(HOTSPOT, "25", "", "mixed mode, sharing", options, true)
                        .missing())
                .isEmpty();
    }

    /** The strings above are recorded; this checks those of the JDK that runs the tests. */
    @ParameterizedTest
    @CsvSource({
        "-Xmixed, true",
        "-Xint, false",
        "-XX:TieredStopAtLevel=1, false",
        "-XX:CompilationMode=quick-only, false"
    })
    void theOptionsOfThisJdkAreUnderstood(String option, boolean optimizes) throws IOException {
        String name = System.getProperty("java.vm.name");
        assumeTrue(name.contains("OpenJDK") || name.contains("HotSpot"), name + " has other texts");
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Process process = new ProcessBuilder(List.of(java, option, "-XshowSettings:properties", "-version"))
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), Charset.defaultCharset());
        Matcher info = Pattern.compile("java\\.vm\\.info = (.*)").matcher(output);
        assertThat(info.find()).as("java.vm.info in%n%s", output).isTrue();

        assertThat(hotSpot(info.group(1)).containsKey(OPTIMIZING_COMPILER))
                .as("no optimising compiler by java.vm.info = %s", info.group(1))
                .isEqualTo(!optimizes);
    }

    private static Map<JvmFeature, String> hotSpot(String info) {
        return Jvm.fromProperties(HOTSPOT, "25.0.3+9-LTS", "Eclipse Adoptium", info, "", true)
                .missing();
    }
}
