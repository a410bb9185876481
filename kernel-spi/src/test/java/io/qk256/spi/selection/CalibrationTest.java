package io.qk256.spi.selection;

import static io.qk256.spi.selection.Candidate.State.SELECTED;
import static io.qk256.spi.selection.Candidate.State.USABLE;
import static io.qk256.spi.selection.Machines.CPU;
import static io.qk256.spi.selection.Machines.JVM;
import static org.assertj.core.api.Assertions.as;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.InstanceOfAssertFactories.INTEGER;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I16Batch;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.IndexList;
import io.qk256.spi.Kernel;
import io.qk256.spi.Operation;
import io.qk256.spi.Q8Matrix;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.parallel.CompositeKernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Ranking by measurement, with a clock that only the measured kernels advance. */
class CalibrationTest {

    private static final String HASH = "ab".repeat(32);

    private final GivenTicks ticks = new GivenTicks();

    @TempDir
    private Path directory;

    private Selection select(SelectionOptions wishes, Burning... providers) {
        return KernelSelector.select(
                Arrays.stream(providers).map(Burning::source).toList(), CPU, JVM, wishes, calibration("a CPU"), ticks);
    }

    private Selection select(Burning... providers) {
        return select(SelectionOptions.NONE, providers);
    }

    private Calibration calibration(String cpuName) {
        return new Calibration(cpuName, Optional.of(VerdictCache.in(directory)));
    }

    private Burning slow(String name, int rank, Operation first, Operation... more) {
        return new Burning(ticks, name, rank, EnumSet.of(first, more));
    }

    private Burning slow(String name, int rank) {
        return new Burning(ticks, name, rank, EnumSet.allOf(Operation.class));
    }

    private Burning quick(String name, int rank) {
        return new Burning(ticks, name, rank, Set.of());
    }

    @Test
    void theFastestIsSelectedWhateverItsRank() {
        Selection selection = select(slow("boastful", 9), quick("modest", 0));
        assertThat(selection.selected()).map(Candidate::name).contains("modest");
        assertThat(selection.candidate("modest")).map(Candidate::why).contains("measured: best at every operation");
        assertThat(selection.candidate("boastful")).map(Candidate::state).contains(USABLE);
        assertThat(selection.candidate("boastful")).map(Candidate::why).contains("measured: outranked by modest");
        assertThat(selection.kernel())
                .isSameAs(selection.selected().orElseThrow().kernel().orElseThrow());
        Measurement measurement = selection.measurement().orElseThrow();
        assertThat(measurement.remembered()).isFalse();
        for (Operation operation : Operation.values()) {
            assertThat(measurement.speed("modest", operation).orElseThrow().weightsPerSecond())
                    .isGreaterThan(3
                            * measurement
                                    .speed("boastful", operation)
                                    .orElseThrow()
                                    .weightsPerSecond());
        }
    }

    @ParameterizedTest
    @EnumSource
    void eachOperationIsRankedByItself(Operation slowOne) {
        Selection selection = select(
                slow("first", 9, slowOne), new Burning(ticks, "second", 5, EnumSet.complementOf(EnumSet.of(slowOne))));
        for (Operation operation : Operation.values()) {
            assertThat(selection.selected(operation))
                    .map(Candidate::name)
                    .contains(operation == slowOne ? "second" : "first");
        }
        assertThat(selection.candidates()).extracting(Candidate::state).containsOnly(SELECTED);
        assertThat(selection.candidate("second")).map(Candidate::why).contains("measured: best at " + slowOne.label());
        assertThat(selection.kernel()).isInstanceOf(CompositeKernel.class);
        assertThat(SelfTest.run(selection.kernel())).isEmpty();
    }

    @Test
    void theCompositeAsksTheKernelOfEachOperation() {
        List<Operation> asked = new ArrayList<>();
        Map<Operation, Kernel> parts = new EnumMap<>(Operation.class);
        for (Operation own : Operation.values()) {
            parts.put(own, new Burner(ticks, Set.of()) {
                @Override
                void asked(Operation operation) {
                    assertThat(operation).isEqualTo(own);
                    asked.add(operation);
                }
            });
        }
        Kernel composite = new CompositeKernel(parts);
        assertThat(Stopwatch.measure(Map.of("composite", composite), ticks)
                        .speeds()
                        .values())
                .allMatch(speeds -> speeds.size() == 1);
        assertThat(asked).contains(Operation.values());
    }

    /** Otherwise it would take processor time from the compiler, which the others wait for. */
    @Test
    void anOperationThatIsWarmWaitsUntilTheOthersAre() {
        Map<Operation, Integer> calls = new EnumMap<>(Operation.class);
        List<Integer> whenTheLastWasWarm = new ArrayList<>();
        Kernel compiling = new Burner(ticks, Set.of()) {
            @Override
            void asked(Operation operation) {
                int call = calls.merge(operation, 1, Integer::sum);
                if (operation == Operation.GEMM_I8 && call <= 30) {
                    ticks.pass(2_000_000);
                } else if (operation == Operation.GEMM_I8 && call == 250) {
                    whenTheLastWasWarm.add(calls.getOrDefault(Operation.DEQUANTIZE, 0));
                }
            }
        };
        Stopwatch.measure(Map.of("compiling", compiling), ticks);
        assertThat(whenTheLastWasWarm).singleElement(as(INTEGER)).isLessThan(400);
        assertThat(calls.get(Operation.DEQUANTIZE)).isGreaterThan(400);
    }

    @Test
    void asFastAsEachOtherGoesToTheDeclaredRank() {
        Measurement measurement = new Measurement(
                "2026-01-01",
                false,
                Map.of(Operation.GEMM_I8, Map.of("high", new Speed(100, 0.01), "low", new Speed(104, 0.01))));
        List<Candidate> byRank = KernelSelector.select(
                        List.of(quick("low", 1).source(), quick("high", 2).source()), CPU, JVM, SelectionOptions.NONE)
                .candidates();
        assertThat(measurement.best(Operation.GEMM_I8, byRank))
                .map(Candidate::name)
                .contains("high");
        assertThat(measurement.best(Operation.DEQUANTIZE, byRank)).isEmpty();
        assertThat(new Speed(106, 0.01).beats(new Speed(100, 0.01))).isTrue();
        assertThat(new Speed(106, 0.04).beats(new Speed(100, 0.01))).isFalse();
    }

    @Test
    void aKernelThatFailsAtAnOperationIsNotTakenForIt() {
        Selection selection = select(
                new Burning(ticks, "failing", 9, Set.of()) {
                    @Override
                    Kernel kernel() {
                        return new Burner(ticks, Set.of()) {
                            @Override
                            void asked(Operation operation) {
                                if (operation == Operation.GEMM_I8) {
                                    throw new StackOverflowError("only when it is measured");
                                }
                            }
                        };
                    }
                },
                slow("other", 0));
        assertThat(selection.selected(Operation.GEMM_I8)).map(Candidate::name).contains("other");
        assertThat(selection.selected(Operation.DEQUANTIZE))
                .map(Candidate::name)
                .contains("failing");
    }

    @Test
    void theMeasurementIsKeptUntilSomethingChanges() {
        Measurement first = select(slow("a", 1), quick("b", 0)).measurement().orElseThrow();
        Burning[] swapped = {quick("a", 1), slow("b", 0)};
        Selection again = select(swapped);
        assertThat(again.measurement().orElseThrow()).isEqualTo(new Measurement(first.date(), true, first.speeds()));
        assertThat(again.selected()).map(Candidate::name).contains("b");
        Selection elsewhere = KernelSelector.select(
                Arrays.stream(swapped).map(Burning::source).toList(),
                CPU,
                JVM,
                SelectionOptions.NONE,
                calibration("another CPU"),
                ticks);
        assertThat(elsewhere.measurement().orElseThrow().remembered()).isFalse();
        assertThat(elsewhere.selected()).map(Candidate::name).contains("a");
        assertThat(select(quick("a", 1)).measurement().orElseThrow().remembered())
                .isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"value.gemm-i8.a=fast 0.0", "value.gemm-i8.a=NaN 0.0", "value.gemm-i8.a=1.0", "value.date=monday"
            })
    void aDamagedEntryIsMeasuredAgain(String line) throws IOException {
        select(quick("a", 1));
        assertThat(select(quick("a", 1)).measurement().orElseThrow().remembered())
                .isTrue();
        try (Stream<Path> files = Files.list(directory)) {
            Path file = files.findFirst().orElseThrow();
            assertThat(file.toString()).endsWith(".speed.properties");
            Files.writeString(file, Files.readString(file) + "\n" + line + "\n");
        }
        assertThat(select(quick("a", 1)).measurement().orElseThrow().remembered())
                .isFalse();
        assertThat(select(quick("a", 1)).measurement().orElseThrow().remembered())
                .isTrue();
    }

    @Test
    void aRequiredKernelMustBeTheBestAtEveryOperation() {
        assertThat(select(SelectionOptions.require("a"), quick("a", 0), slow("b", 1))
                        .problem())
                .isEmpty();
        assertThat(select(SelectionOptions.require("e"), quick("e", 0), slow("f", 1, Operation.GEMM_I8))
                        .problem())
                .contains("kernel e is required, but f is selected for some operations; force e to select it");
    }

    @Test
    void forcedKernelLeavesNothingToRank() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> select(SelectionOptions.force("a"), quick("a", 0)))
                .withMessage(
                        "kernel a is forced, so there is nothing to rank by measurement; ask for one of them only");
    }

    @Test
    void withoutAUsableKernelNothingIsMeasured() {
        Selection selection = select();
        assertThat(selection.measurement()).isEmpty();
        assertThat(selection.problem()).contains("no kernel is usable");
    }

    /** The kernel with the lower declared rank is the faster one, so an accepted measurement shows. */
    private Selection selectOfTwo() {
        return select(slow("boastful", 9), quick("modest", 0));
    }

    private void assertNotBelieved(String doubt) throws IOException {
        Selection selection = selectOfTwo();
        assertThat(selection.measurement()).isEmpty();
        assertThat(selection.doubt().orElseThrow())
                .startsWith("the kernels are ranked by their declared ranks, because the measurement is not reliable: "
                        + doubt)
                .endsWith("; try again when nothing else runs");
        assertThat(selection.warnings()).containsExactly(selection.doubt().orElseThrow());
        assertThat(selection.selected()).map(Candidate::name).contains("boastful");
        assertThat(selection.candidate("boastful")).map(Candidate::why).contains("highest rank of the usable kernels");
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files).isEmpty();
        }
    }

    @Test
    void whatIsMeasuredWhileTheProcessWaitsForProcessorsIsNotBelieved() throws IOException {
        ticks.waitingPart = 0.3;
        assertNotBelieved("the machine is busy, and for 30 % of the time this process waited for a processor");
        ticks.waitingPart = 0.05;
        assertThat(selectOfTwo().selected()).map(Candidate::name).contains("modest");
    }

    @Test
    void itIsMeasuredAgainWhenTheOthersHaveEnded() {
        ticks.waitingPart = 0.3;
        ticks.busyUntil = 1_500_000_000L;
        Selection selection = selectOfTwo();
        assertThat(selection.doubt()).isEmpty();
        assertThat(selection.selected()).map(Candidate::name).contains("modest");
    }

    @Test
    void whatDiffersWhenItIsRepeatedIsNotBelieved() throws IOException {
        ticks.slowerEverySecondSet = 0.5;
        assertNotBelieved("boastful at dequantize gave ");
    }

    @Test
    void whatVariesFromRoundToRoundIsNotBelieved() throws IOException {
        ticks.jitter = 1;
        assertNotBelieved("");
    }

    @Test
    void theWaitingOfAllThreadsCounts() throws IOException {
        Files.writeString(Files.createDirectory(directory.resolve("1")).resolve("schedstat"), "7000 200 3\n");
        Files.writeString(Files.createDirectory(directory.resolve("2")).resolve("schedstat"), "5 30 1\n");
        Files.createDirectory(directory.resolve("3"));
        Files.writeString(Files.createDirectory(directory.resolve("4")).resolve("schedstat"), "none\n");
        assertThat(Ticks.waitedNanos(directory)).isEqualTo(230);
        assertThat(Ticks.waitedNanos(directory.resolve("none"))).isZero();
    }

    /** A clock that moves only when it is advanced. */
    static final class GivenTicks implements Ticks {

        private long now;
        private double waited;
        private double waitingPart;
        private long busyUntil = Long.MAX_VALUE;
        private double slowerEverySecondSet;
        private int looks;
        private double jitter;

        void pass(long nanoseconds) {
            int set = looks / 2; // Each set begins and ends with a look at the waiting time.
            double slower = slowerEverySecondSet * (set % 2);
            double factor = 1 + slower + jitter * ((now / 1_000_000 * 0x9E3779B97F4A7C15L) >>> 63);
            long passed = (long) (nanoseconds * factor);
            now += passed;
            waited += now < busyUntil ? passed * waitingPart : 0;
        }

        @Override
        public long nanos() {
            return now;
        }

        @Override
        public long waitedNanos() {
            looks++;
            return (long) waited;
        }
    }

    /** Provides a kernel that is slow at some operations. */
    private static class Burning extends FakeProvider {

        private final GivenTicks ticks;
        private final Set<Operation> slow;

        Burning(GivenTicks ticks, String name, int rank, Set<Operation> slow) {
            super(name, rank);
            this.ticks = ticks;
            this.slow = slow;
        }

        @Override
        KernelSource source() {
            return new KernelSource(
                    name(),
                    Artifact.ofPlugin("com.example", Optional.empty(), name(), Optional.of(HASH), false),
                    () -> this);
        }

        @Override
        Kernel kernel() {
            return new Burner(ticks, slow);
        }
    }

    /** Correct in the self-test; when measured, each call only advances the clock by 20 or 500 microseconds. */
    static class Burner extends PlainKernel {

        private static final int MEASURED_COLS = 4096;

        private final GivenTicks ticks;
        private final Set<Operation> slow;

        Burner(GivenTicks ticks, Set<Operation> slow) {
            this.ticks = ticks;
            this.slow = slow;
        }

        void asked(Operation operation) {}

        private boolean burns(int cols, Operation operation) {
            if (cols != MEASURED_COLS) {
                return false;
            }
            asked(operation);
            ticks.pass(slow.contains(operation) ? 500_000 : 20_000);
            return true;
        }

        @Override
        protected void dequantizeRows(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {
            if (!burns(w.cols(), Operation.DEQUANTIZE)) {
                super.dequantizeRows(w, fromRow, toRow, out);
            }
        }

        @Override
        protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
            if (!burns(w.cols(), Operation.GEMV_F32)) {
                super.gemvF32Rows(w, x, fromRow, toRow, y);
            }
        }

        @Override
        protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
            if (!burns(w.cols(), Operation.GEMV_I8)) {
                super.gemvI8Rows(w, x, fromRow, toRow, y);
            }
        }

        @Override
        protected void gemmI8Rows(Qk256Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
            if (!burns(w.cols(), Operation.GEMM_I8)) {
                super.gemmI8Rows(w, x, fromRow, toRow, y);
            }
        }

        @Override
        protected void gemmQ8Rows(Q8Matrix w, I16Batch x, int fromRow, int toRow, F32Vector y) {
            if (!burns(w.cols(), Operation.GEMM_Q8)) {
                super.gemmQ8Rows(w, x, fromRow, toRow, y);
            }
        }

        @Override
        protected void gemvListedRows(
                Qk256Matrix w, I8Vector x, IndexList listed, int fromRow, int toRow, F32Vector y) {
            if (!burns(w.cols(), Operation.GEMV_LISTED)) {
                super.gemvListedRows(w, x, listed, fromRow, toRow, y);
            }
        }

        @Override
        protected void gemvTransposedCols(
                Qk256Matrix w, I8Vector x, IndexList listed, int fromCol, int toCol, F32Vector y) {
            if (!burns(w.cols(), Operation.GEMV_TRANSPOSED)) {
                super.gemvTransposedCols(w, x, listed, fromCol, toCol, y);
            }
        }
    }
}
