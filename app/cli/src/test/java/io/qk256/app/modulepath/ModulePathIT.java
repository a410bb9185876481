package io.qk256.app.modulepath;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.qk256.app.modulepath.Application.Result;
import io.qk256.spi.Contract;
import io.qk256.spi.selection.Artifact;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The packaged application: what users type, and providers that fail in every way. */
class ModulePathIT {

    private static final String OPEN = "return new Plain();";
    private static final String CODE =
            "return (w.codes().get(ValueLayout.JAVA_BYTE, row * w.rowStride() + col / 4) >> 2 * (col % 4) & 3);";

    @TempDir
    private Path modules;

    private static JsonObject json(Result result) {
        return JsonParser.parseString(result.out()).getAsJsonObject();
    }

    private static JsonObject kernel(Result result, String name) {
        for (JsonElement kernel : json(result).getAsJsonArray("kernels")) {
            if (kernel.getAsJsonObject().get("name").getAsString().startsWith(name)) {
                return kernel.getAsJsonObject();
            }
        }
        throw new AssertionError("no kernel " + name + " in " + result.out());
    }

    private static String text(JsonObject kernel, String key) {
        return kernel.get(key).getAsString();
    }

    private static String selected(Result result) {
        return json(result).get("selected").getAsString();
    }

    private Application with(TestModule module) throws IOException {
        return Application.complete().with(module.compile(Application.spi(), modules));
    }

    @Test
    void showsTheMachineAndProvesTheSelectedKernel() throws Exception {
        Result result = Application.complete().optimizing().run();
        assertThat(result.exit()).as(result.err()).isZero();
        assertThat(result.out())
                .containsPattern("(?m)^CPU +\\S")
                .containsPattern("(?m)^JVM +\\S")
                .containsPattern("(?m)^kernel +rank +state +why$")
                .containsPattern("(?m)^scalar +0 +\\S")
                .containsPattern("(?m)^selected +\\S")
                .containsPattern("result +\\S+ is right: 9,551,872 weights and 62,752 dot products checked");
    }

    @Test
    void jsonHasTheDocumentedShape() throws Exception {
        Result result = Application.complete().run("kernels", "--json");
        assertThat(result.exit()).isZero();
        assertThat(json(result).keySet())
                .containsExactly("cpu", "jvm", "selected", "ranking", "selectedFor", "kernels");
        assertThat(kernel(result, "scalar").keySet())
                .containsExactly(
                        "name", "rank", "state", "why", "module", "version", "origin", "plugin", "sha256", "certified");
        assertThat(text(kernel(result, "scalar"), "module")).isEqualTo("io.qk256.scalar");
        assertThat(text(kernel(result, "scalar"), "version")).startsWith("0.");
        Path jar = Path.of(text(kernel(result, "scalar"), "origin"));
        assertThat(jar.toString()).endsWith(".jar");
        assertThat(text(kernel(result, "scalar"), "sha256")).isEqualTo(Artifact.sha256(jar));
        assertThat(List.of("avx2-native", "avx2-vector", "scalar")).contains(selected(result));
    }

    @Test
    void requiredKernelsOfThisBuildAreUsable() throws Exception {
        Result result = Application.complete().optimizing().run("kernels", "--json");
        Arrays.stream(System.getProperty("qk256.tck.require", "").split(","))
                .filter(name -> !name.isBlank())
                .forEach(name -> assertThat(text(kernel(result, name.strip()), "state"))
                        .as(text(kernel(result, name.strip()), "why"))
                        .isIn("usable", "selected"));
    }

    @ParameterizedTest
    @CsvSource({
        "-Xint, interpreted mode",
        "-XX:TieredStopAtLevel=1, C1 only",
        "-XX:TieredStopAtLevel=3, C1 only",
        "-XX:UseAVX=1, 128 bits",
    })
    void vectorKernelStepsAsideWithTheReason(String jvmOption, String reason) throws Exception {
        Result result = Application.complete().optimizing().jvm(jvmOption).run("kernels", "--json");
        assertThat(result.exit()).as(result.err()).isZero();
        if (text(kernel(result, "avx2-vector"), "why").startsWith("CPU features")) {
            return; // This machine has no AVX2 to give up.
        }
        assertThat(text(kernel(result, "avx2-vector"), "state")).isEqualTo("rejected");
        assertThat(text(kernel(result, "avx2-vector"), "why")).contains(reason);
    }

    @Test
    void smallCpuGetsTheScalarKernelAndAllWorks() throws Exception {
        Result kernels = Application.complete().run("--cpu-features", "none", "kernels", "--json");
        assertThat(selected(kernels)).isEqualTo("scalar");
        assertThat(text(kernel(kernels, "avx2-native"), "why")).contains("the CPU lacks avx2, fma");
        Result all = Application.complete().run("--cpu-features=none");
        assertThat(all.exit()).as(all.err()).isZero();
        assertThat(all.out()).contains("scalar is right");
    }

    @Test
    void explainShowsEachGate() throws Exception {
        Result result = Application.complete().run("explain", "avx2-vector", "--cpu-features", "none");
        assertThat(result.exit()).isZero();
        assertThat(result.out())
                .containsPattern("found +passed +io.qk256.avx2.vector.Avx2VectorProvider")
                .containsPattern("CPU features +failed +the CPU lacks avx2, fma")
                .containsPattern("self-test +not reached");
    }

    /** {@code WrongUsageTest} has many more, without a process for each. */
    @Test
    void wrongUsageIsAnsweredWithWhatThereIs() throws Exception {
        Result misspelt = Application.complete().run("explain", "avx2-natif");
        assertThat(misspelt.exit()).isEqualTo(2);
        assertThat(misspelt.err()).contains("no kernel is called 'avx2-natif'; did you mean avx2-native");
    }

    @Test
    void forceAndRequire() throws Exception {
        Result forced = Application.complete().run("--kernel", "scalar", "kernels", "--json");
        assertThat(forced.exit()).isZero();
        assertThat(selected(forced)).isEqualTo("scalar");
        Result met = Application.complete().run("kernels", "--cpu-features=none", "--require=scalar");
        assertThat(met.exit()).as(met.err()).isZero();
        Result unmet = Application.complete().run("kernels", "--cpu-features=none", "--require=avx2-native");
        assertThat(unmet.exit()).isEqualTo(3);
        assertThat(unmet.err()).contains("avx2-native").contains("the CPU lacks avx2, fma");
        Result unusable = Application.complete().run("--cpu-features=none", "--kernel=avx2-vector");
        assertThat(unusable.exit()).isEqualTo(3);
        assertThat(unusable.out()).doesNotContain("is right");
    }

    @Test
    void jarThatIsTakenAwayIsGoneAndJarThatIsAddedIsSelected() throws Exception {
        Result without =
                Application.without(jar -> jar.startsWith("kernel-avx2")).run("kernels", "--json");
        assertThat(without.out()).doesNotContain("avx2-native").doesNotContain("avx2-vector");
        assertThat(selected(without)).isEqualTo("scalar");
        Result with = with(new TestModule("drop-in")).run("--require", "drop-in");
        assertThat(with.exit()).as(with.err()).isZero();
        assertThat(with.out()).contains("drop-in is right");
    }

    @Test
    void withoutAnyKernelTheMessageSaysSo() throws Exception {
        Result result = Application.without(jar -> jar.matches("kernel-(scalar|avx2).*"))
                .run();
        assertThat(result.exit()).isEqualTo(1);
        assertThat(result.err()).contains("no kernel is usable");
    }

    @Test
    void brokenProvidersAreRowsAndTheNextIsSelected() throws Exception {
        Path spi = Application.spi();
        Application application = Application.complete()
                .with(new TestModule("throws-in-constructor")
                        .replacing(
                                "    @Override\n    public String name",
                                "    public Provider() {\n        throw new IllegalStateException(\"cannot be made\");\n"
                                        + "    }\n\n    @Override\n    public String name")
                        .compile(spi, modules))
                .with(new TestModule("throws-in-open")
                        .replacing(OPEN, "throw new UnsupportedOperationException(\"cannot be opened\");")
                        .compile(spi, modules))
                .with(new TestModule("wrong-answers")
                        .replacing(CODE, CODE.replace("return ", "return 3 - "))
                        .compile(spi, modules))
                .with(new TestModule("other-contract")
                        .replacing("return Contract.VERSION;", "return \"2.0\";")
                        .compile(spi, modules))
                .with(new TestModule("newer-contract")
                        .replacing("return Contract.VERSION;", "return \"0.99\";")
                        .compile(spi, modules))
                .with(new TestModule("missing-class").compileWithout("Provider$Plain", spi, modules))
                .with(new TestModule("missing-provider").compileWithout("Provider", spi, modules));
        Result result = application.run("kernels", "--json");
        assertThat(result.exit()).as(result.err()).isZero();
        assertThat(text(kernel(result, "example.throwsinconstructor.Provider"), "why"))
                .contains("cannot be made");
        assertThat(text(kernel(result, "throws-in-open"), "why"))
                .isEqualTo("opened: java.lang.UnsupportedOperationException: cannot be opened");
        assertThat(text(kernel(result, "wrong-answers"), "why"))
                .startsWith("self-test: dequantize 1x8: element 0 is 2.0");
        assertThat(text(kernel(result, "other-contract"), "why"))
                .contains("built for contract 2.0, this is " + Contract.VERSION);
        assertThat(text(kernel(result, "newer-contract"), "why"))
                .contains("built for contract 0.99, this is " + Contract.VERSION + "; recompile it against");
        assertThat(text(kernel(result, "example.missingclass.Provider"), "why"))
                .contains("ClassNotFoundException: example.missingclass.Provider$Plain");
        assertThat(text(kernel(result, "example.missingprovider.Provider"), "why"))
                .contains("not found");
        assertThat(List.of("avx2-native", "avx2-vector", "scalar")).contains(selected(result));
        assertThat(application.run("-v", "kernels").err())
                .contains("java.lang.UnsupportedOperationException: cannot be opened\n\tat ");
    }

    @Test
    void kernelThatPassesTheSelfTestAndIsWrongIsFoundByTheProof() throws Exception {
        TestModule wrong = new TestModule("wrong-in-wide-rows")
                .replacing(CODE, CODE.replace("return", "int code =") + " return col == 700 ? code ^ 1 : code;");
        Result result = with(wrong).run();
        assertThat(result.exit()).isEqualTo(1);
        assertThat(result.out())
                .contains("wrong     ")
                .contains("column 700")
                .contains("wrong-in-wide-rows is WRONG in ");
    }

    @Test
    void helpListsCommandsAndExitCodes() throws Exception {
        Result result = Application.complete().run("--help");
        assertThat(result.exit()).isZero();
        assertThat(result.out())
                .contains("kernels")
                .contains("explain")
                .contains("check")
                .contains("Exit codes:");
        assertThat(Application.complete().run("--version").out()).startsWith("qk256 0.");
    }
}
