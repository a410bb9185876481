package io.qk256.spi.selection;

import static io.qk256.spi.BadArguments.nothing;
import static io.qk256.spi.selection.Rejection.assertRejected;
import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.spi.Contract;
import io.qk256.spi.F32Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.KernelProvider;
import io.qk256.spi.KernelUnavailableException;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.Requirements;
import java.lang.classfile.ClassFile;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A provider that throws is rejected; nothing else is affected. */
class BrokenProviderTest {

    private static final String BOOM = "java.lang.IllegalStateException: boom";

    @ParameterizedTest
    @MethodSource
    void aProviderThatCannotBeMadeIsRejected(Throwable thrown, String reason) {
        Candidate rejected = assertRejected(throwing(thrown), Gate.FOUND, reason);
        assertThat(rejected.name()).isEqualTo("com.example.Broken");
        assertThat(rejected.rank()).isEmpty();
        assertThat(rejected.failure()).containsSame(thrown);
    }

    static Stream<Arguments> aProviderThatCannotBeMadeIsRejected() {
        IllegalStateException boom = new IllegalStateException("boom");
        return Stream.of(
                Arguments.of(boom, BOOM),
                Arguments.of(new IllegalStateException(), "java.lang.IllegalStateException"),
                Arguments.of(
                        new NoClassDefFoundError("com/example/Gone"),
                        "java.lang.NoClassDefFoundError: com/example/Gone"),
                Arguments.of(new StackOverflowError(), "java.lang.StackOverflowError"),
                Arguments.of(new IllegalStateException("two\n  lines"), "java.lang.IllegalStateException: two lines"),
                Arguments.of(
                        new ServiceConfigurationError("Broken could not be instantiated", new RuntimeException(boom)),
                        "java.util.ServiceConfigurationError: Broken could not be instantiated, caused by " + BOOM),
                Arguments.of(
                        new ExceptionInInitializerError(boom),
                        "java.lang.ExceptionInInitializerError, caused by " + BOOM));
    }

    @Test
    void anExceptionThatThrowsIsRejectedByItsClass() {
        RuntimeException mean = new MeanException();
        assertRejected(throwing(mean), Gate.FOUND, MeanException.class.getName());
    }

    @Test
    void causesThatGoInCirclesEnd() {
        IllegalStateException first = new IllegalStateException("first");
        first.initCause(new IllegalStateException("second", first));
        Candidate rejected = KernelSelector.select(
                        List.of(throwing(first)), Machines.CPU, Machines.JVM, SelectionOptions.NONE)
                .candidates()
                .getFirst();
        assertThat(rejected.why()).startsWith("found: java.lang.IllegalStateException: first");
    }

    @Test
    void aSourceWithoutProviderIsRejected() {
        assertRejected(broken(() -> nothing()), Gate.FOUND, "java.lang.NullPointerException: the provider is null");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "AVX2", "avx 2", "-avx2", "avx2-", "avx2--native", "avx2_native", "схема"})
    void aNameHasLowerCaseLettersDigitsAndHyphens(String name) {
        assertRejected(
                new FakeProvider(name, 99).source("com.example.Broken"),
                Gate.FOUND,
                "its name is '" + name + "', expected lower case letters, digits and hyphens");
    }

    @Test
    void aReasonIsOneLine() {
        assertRejected(
                new FakeProvider("a\n b", 99).source("com.example.Broken"),
                Gate.FOUND,
                "its name is 'a b', expected lower case letters, digits and hyphens");
    }

    @ParameterizedTest
    @MethodSource
    void aProviderThatFailsIsRejectedAtItsGate(FakeProvider broken, Gate gate, String reason) {
        assertRejected(broken.source(), gate, reason);
        assertThat(broken.timesOpened()).isEqualTo(gate.compareTo(Gate.OPENED) < 0 ? 0 : 1);
    }

    static Stream<Arguments> aProviderThatFailsIsRejectedAtItsGate() {
        return Stream.of(
                failing(Gate.FOUND, BOOM, "name() throws", new FakeProvider("broken", 99) {
                    @Override
                    public String name() {
                        throw new IllegalStateException("boom");
                    }
                }),
                failing(Gate.FOUND, BOOM, "rank() throws", new FakeProvider("broken", 99) {
                    @Override
                    public int rank() {
                        throw new IllegalStateException("boom");
                    }
                }),
                failing(
                        Gate.FOUND,
                        "java.lang.NullPointerException: name() returned null",
                        "name() is null",
                        new FakeProvider(nothing(), 99)),
                failing(Gate.CONTRACT, BOOM, "contractVersion() throws", new FakeProvider("broken", 99) {
                    @Override
                    public String contractVersion() {
                        throw new IllegalStateException("boom");
                    }
                }),
                failing(Gate.CPU, BOOM, "requirements() throws", new FakeProvider("broken", 99) {
                    @Override
                    public Requirements requirements() {
                        throw new IllegalStateException("boom");
                    }
                }),
                failing(
                        Gate.CPU,
                        "java.lang.NullPointerException: requirements() returned null",
                        "requirements() is null",
                        new FakeProvider("broken", 99) {
                            @Override
                            public Requirements requirements() {
                                return nothing();
                            }
                        }));
    }

    @ParameterizedTest
    @MethodSource
    void aKernelThatDoesNotOpenIsRejected(Throwable thrown, String reason) {
        FakeProvider broken = new FakeProvider("broken", 99) {
            @Override
            Kernel kernel() throws KernelUnavailableException {
                if (thrown instanceof KernelUnavailableException unavailable) {
                    throw unavailable;
                }
                throw unchecked(thrown);
            }
        };
        Candidate rejected = assertRejected(broken.source(), Gate.OPENED, reason);
        assertThat(rejected.name()).isEqualTo("broken");
        assertThat(rejected.rank()).contains(99);
        assertThat(rejected.failure()).containsSame(thrown);
        assertThat(broken.timesOpened()).isEqualTo(1);
    }

    static Stream<Arguments> aKernelThatDoesNotOpenIsRejected() {
        return Stream.of(
                Arguments.of(new KernelUnavailableException("no library; install it"), "no library; install it"),
                Arguments.of(new KernelUnavailableException("no library;\n  install it"), "no library; install it"),
                Arguments.of(new IllegalStateException("boom"), BOOM),
                Arguments.of(
                        new UnsatisfiedLinkError("no qk256 in java.library.path"),
                        "java.lang.UnsatisfiedLinkError: no qk256 in java.library.path"),
                Arguments.of(new StackOverflowError(), "java.lang.StackOverflowError"),
                Arguments.of(new AssertionError("no"), "java.lang.AssertionError: no"));
    }

    @ParameterizedTest
    @MethodSource
    void codeThatDoesNotFitTheContractIsRejectedWithWhatToDo(Throwable thrown, String part) {
        assertRejected(
                throwing(thrown),
                Gate.FOUND,
                "it was compiled against another io.qk256:kernel-spi than this one, which it does not fit: java.lang."
                        + part
                        + "; recompile it against the io.qk256:kernel-spi of contract " + Contract.VERSION
                        + ", or get a build for that");
    }

    static Stream<Arguments> codeThatDoesNotFitTheContractIsRejectedWithWhatToDo() {
        NoClassDefFoundError gone = new NoClassDefFoundError("io/qk256/spi/Gone");
        return Stream.of(
                Arguments.of(
                        new NoSuchMethodError("'void io.qk256.spi.Qk256.gone()'"),
                        "NoSuchMethodError: 'void io.qk256.spi.Qk256.gone()'"),
                Arguments.of(
                        new AbstractMethodError("'abstract void io.qk256.spi.Kernel.gone()'"),
                        "AbstractMethodError: 'abstract void io.qk256.spi.Kernel.gone()'"),
                Arguments.of(gone, "NoClassDefFoundError: io/qk256/spi/Gone"),
                Arguments.of(
                        new ServiceConfigurationError("Broken could not be instantiated", gone),
                        "NoClassDefFoundError: io/qk256/spi/Gone"));
    }

    @Test
    void codeThatTheJvmCannotLinkWithTheContractIsRejectedWithWhatToDo() {
        FakeProvider broken = new FakeProvider("broken", 99) {
            @Override
            Kernel kernel() {
                callGoneMethod();
                return new PlainKernel();
            }
        };
        assertThat(Machines.select(broken).candidates().getFirst().why())
                .startsWith(
                        "opened: it was compiled against another io.qk256:kernel-spi than this one, which it does not fit:"
                                + " java.lang.NoSuchMethodError: 'void io.qk256.spi.Qk256.gone()'; recompile it");
    }

    /** Acts like code that was compiled against a contract with one more method. */
    private static void callGoneMethod() {
        ClassDesc contract = ClassDesc.of("io.qk256.spi.Qk256");
        MethodTypeDesc type = MethodTypeDesc.of(ConstantDescs.CD_void);
        byte[] caller = ClassFile.of()
                .build(
                        ClassDesc.of("io.qk256.spi.selection.Caller"),
                        made -> made.withMethodBody(
                                "call",
                                type,
                                ClassFile.ACC_STATIC,
                                code -> code.invokestatic(contract, "gone", type)
                                        .return_()));
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup().defineHiddenClass(caller, true);
            lookup.findStatic(lookup.lookupClass(), "call", MethodType.methodType(void.class))
                    .invokeExact();
        } catch (Throwable e) {
            throw unchecked(e);
        }
    }

    @Test
    void aNullKernelIsRejected() {
        FakeProvider broken = new FakeProvider("broken", 99) {
            @Override
            Kernel kernel() {
                return nothing();
            }
        };
        assertRejected(broken.source(), Gate.OPENED, "java.lang.NullPointerException: open() returned null");
    }

    @Test
    void aKernelThatCannotBeShownIsRejected() {
        assertRejected(
                opening(new PlainKernel() {
                    @Override
                    public String toString() {
                        throw new IllegalStateException("boom");
                    }
                }),
                Gate.OPENED,
                BOOM);
    }

    @Test
    void aWrongKernelIsRejected() {
        assertRejected(
                opening(new PlainKernel() {
                    @Override
                    protected void dequantizeRows(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {}
                }),
                Gate.SELF_TEST,
                "dequantize 1x8: element 0 is 0.0, expected -2.0; do not use this kernel on this machine");
    }

    @Test
    void aKernelThatThrowsIsRejected() {
        assertRejected(
                opening(new PlainKernel() {
                    @Override
                    protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
                        throw new StackOverflowError();
                    }
                }),
                Gate.SELF_TEST,
                "java.lang.StackOverflowError");
    }

    private static KernelSource opening(Kernel kernel) {
        return new FakeProvider("broken", 99) {
            @Override
            Kernel kernel() {
                return kernel;
            }
        }.source();
    }

    private static Arguments failing(Gate gate, String reason, String name, FakeProvider provider) {
        return Arguments.of(Named.of(name, provider), gate, reason);
    }

    private static KernelSource broken(Supplier<KernelProvider> provider) {
        return FakeProvider.source("com.example.Broken", "/plugins/broken.jar", provider);
    }

    private static RuntimeException unchecked(Throwable thrown) {
        if (thrown instanceof Error error) {
            throw error;
        }
        return (RuntimeException) thrown;
    }

    private static KernelSource throwing(Throwable thrown) {
        return broken(() -> {
            throw unchecked(thrown);
        });
    }

    /** Foreign code, even its message. */
    private static final class MeanException extends RuntimeException {

        private static final long serialVersionUID = 1;

        @Override
        public String getMessage() {
            throw new IllegalStateException("no message for you");
        }
    }
}
