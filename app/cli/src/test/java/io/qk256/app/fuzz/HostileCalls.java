package io.qk256.app.fuzz;

import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I16Batch;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.IndexList;
import io.qk256.spi.Kernel;
import io.qk256.spi.Operation;
import io.qk256.spi.Q8Matrix;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.Requirements;
import io.qk256.spi.memory.HugePages;
import io.qk256.spi.parallel.CompositeKernel;
import io.qk256.spi.parallel.ParallelKernel;
import io.qk256.spi.parallel.RowTask;
import io.qk256.spi.plugin.PluginDirectory;
import io.qk256.spi.selection.CpuFeatures;
import io.qk256.spi.selection.Jvm;
import io.qk256.spi.selection.KernelSelector;
import io.qk256.spi.selection.KernelSource;
import io.qk256.spi.selection.SelectionOptions;
import io.qk256.testing.Fuzz;
import io.qk256.testing.Fuzz.Outcome;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Calls public methods and constructors of the contract, found by reflection, with arguments that may be null, extreme or
 * unusable. A call must return or throw one of the exceptions of the contract, which says what is wrong.
 */
final class HostileCalls implements Fuzz.Case {

    private static final List<Class<?>> TYPES = List.of(
            Codebook.class,
            CompositeKernel.class,
            CpuFeatures.class,
            F32Vector.class,
            HugePages.class,
            I16Batch.class,
            I8Batch.class,
            I8Vector.class,
            IndexList.class,
            Jvm.class,
            Kernel.class,
            KernelSelector.class,
            KernelSource.class,
            ParallelKernel.class,
            PluginDirectory.class,
            Q8Matrix.class,
            Qk256.class,
            Qk256Matrix.class,
            Requirements.class,
            SelectionOptions.class);

    private static final Set<Class<? extends Throwable>> DOCUMENTED = Set.of(
            IllegalArgumentException.class,
            IndexOutOfBoundsException.class,
            NullPointerException.class,
            IllegalStateException.class,
            WrongThreadException.class,
            OutOfMemoryError.class,
            NotDirectoryException.class,
            NoSuchFileException.class);

    private static final int LONG_TEXT = 10_000;

    private final Map<String, Kernel> kernels;
    private final Hostile hostile;
    private final Path emptyDirectory;
    private final List<Executable> calls = new ArrayList<>();

    HostileCalls(Map<String, Kernel> kernels, Hostile hostile) throws IOException {
        this.emptyDirectory = Files.createTempDirectory("qk256-fuzz");
        emptyDirectory.toFile().deleteOnExit();
        this.kernels = kernels;
        this.hostile = hostile;
        for (Class<?> type : TYPES) {
            for (Constructor<?> constructor : type.getConstructors()) {
                if (!Modifier.isAbstract(type.getModifiers())) {
                    calls.add(constructor);
                }
            }
            Arrays.stream(type.getDeclaredMethods())
                    .filter(method -> Modifier.isPublic(method.getModifiers()) && !method.isSynthetic())
                    .sorted((a, b) -> a.toString().compareTo(b.toString()))
                    .forEach(calls::add);
        }
    }

    @Override
    public Outcome run(SplittableRandom random) throws Exception {
        Executable call = calls.get(random.nextInt(calls.size()));
        if (call.getDeclaringClass() == KernelSelector.class && random.nextInt(20) > 0) {
            return Outcome.ACCEPTED; // A successful selection takes long.
        }
        List<AutoCloseable> made = new ArrayList<>();
        try (Arena arena = Arena.ofConfined()) {
            @Nullable
            Object[] arguments = Arrays.stream(call.getParameterTypes())
                    .map(type -> value(type, random, arena, made))
                    .toArray();
            if (takesLong(call, arguments)) {
                return Outcome.ACCEPTED;
            }
            boolean needsReceiver = call instanceof Method && !Modifier.isStatic(call.getModifiers());
            Object receiver = needsReceiver ? sound(call.getDeclaringClass(), random, arena, made) : null;
            return check(call, receiver, arguments, made);
        } finally {
            for (AutoCloseable one : made) {
                one.close();
            }
        }
    }

    /** An allocation that may succeed would be filled with zeros, which finds nothing and may end this process. */
    private static boolean takesLong(Executable call, @Nullable Object[] arguments) {
        double product = 1;
        for (Object argument : arguments) {
            product *= argument instanceof Number number ? number.doubleValue() : 1;
        }
        return call.getName().equals("allocate") && product > 1 << 24 && product < 1L << 55;
    }

    private static Outcome check(
            Executable call, @Nullable Object receiver, @Nullable Object[] arguments, List<AutoCloseable> made)
            throws Exception {
        try {
            Object result = call instanceof Method method
                    ? method.invoke(receiver, arguments)
                    : ((Constructor<?>) call).newInstance(arguments);
            if (result instanceof AutoCloseable closeable) {
                made.add(closeable);
            }
            if (String.valueOf(result).length() > LONG_TEXT) {
                throw new AssertionError(call + ": a result that describes itself at length");
            }
            return Outcome.ACCEPTED;
        } catch (InvocationTargetException e) {
            Throwable thrown = Objects.requireNonNull(e.getCause());
            boolean documented = DOCUMENTED.stream().anyMatch(type -> type.isInstance(thrown));
            String message = thrown.getMessage();
            boolean told = thrown instanceof NullPointerException || (message != null && !message.isBlank());
            if (!documented || !told) {
                throw new AssertionError(call + " of " + receiver + " with " + describe(arguments), thrown);
            }
            return Outcome.REFUSED;
        }
    }

    private static String describe(@Nullable Object[] arguments) {
        return Arrays.stream(arguments)
                .map(argument -> argument instanceof Object[] array ? Arrays.toString(array) : String.valueOf(argument))
                .toList()
                .toString();
    }

    /** Often a valid value, so that the other arguments are tested. */
    private @Nullable Object value(Class<?> type, RandomGenerator random, Arena arena, List<AutoCloseable> made) {
        if (type == int.class) {
            return random.nextBoolean() ? random.nextInt(4) : hostile.anInt(random);
        }
        if (type == long.class) {
            return random.nextInt(4) > 0 ? random.nextInt(600) : hostile.aLong(random);
        }
        if (type == float.class) {
            return hostile.aFloat(random);
        }
        if (type == boolean.class) {
            return random.nextBoolean();
        }
        if (type == MemorySegment.class) {
            return hostile.segment(random, arena);
        }
        if (type == Arena.class) {
            return random.nextInt(3) > 0 ? arena : hostile.arena(random);
        }
        return random.nextInt(5) == 0 ? null : sound(type, random, arena, made);
    }

    private @Nullable Object sound(Class<?> type, RandomGenerator random, Arena arena, List<AutoCloseable> made) {
        if (type == F32Vector.class) {
            return F32Vector.of(hostile.fitting(random, arena, 4L * random.nextInt(300), 4));
        }
        if (type == I8Vector.class) {
            return I8Vector.of(hostile.fitting(random, arena, random.nextInt(300), 1), 2);
        }
        if (type == I8Batch.class) {
            return I8Batch.of(hostile.fitting(random, arena, 3L * 257, 1), 3, 257);
        }
        if (type == I16Batch.class) {
            return I16Batch.of(hostile.fitting(random, arena, 3L * 2 * 257, 2), 3, 257);
        }
        if (type == IndexList.class) {
            IndexList list = IndexList.allocate(arena, 4);
            for (int i = random.nextInt(4); i < 4; i++) {
                list.add(i);
            }
            return list;
        }
        if (type == Q8Matrix.class) {
            int rows = random.nextInt(4);
            return Q8Matrix.of(
                    hostile.fitting(random, arena, Q8Matrix.codesBytes(rows, 257), 1),
                    hostile.fitting(random, arena, Q8Matrix.scalesBytes(rows, 257), 2),
                    rows,
                    257);
        }
        if (type == Qk256Matrix.class) {
            int rows = random.nextInt(4);
            return Qk256Matrix.of(hostile.fitting(random, arena, 128L * rows, 1), rows, 257, Codebook.TERNARY);
        }
        if (type == Codebook.class) {
            return random.nextBoolean() ? Codebook.QK256 : new Codebook(0.5f, 64, -1e30f, 3);
        }
        if (type == ParallelKernel.class || (type == Kernel.class && random.nextBoolean())) {
            ParallelKernel kernel = ParallelKernel.withThreads(kernel(random), 2);
            made.add(kernel);
            return kernel;
        }
        if (type == Kernel.class) {
            return kernel(random);
        }
        if (type == CompositeKernel.class) {
            Map<Operation, Kernel> kernels = new EnumMap<>(Operation.class);
            for (Operation operation : Operation.values()) {
                kernels.put(operation, kernel(random));
            }
            return new CompositeKernel(kernels);
        }
        return simple(type, random);
    }

    private PluginDirectory plugins() {
        try {
            return PluginDirectory.open(emptyDirectory);
        } catch (NotDirectoryException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Kernel kernel(RandomGenerator random) {
        return List.copyOf(kernels.values()).get(random.nextInt(kernels.size()));
    }

    private @Nullable Object simple(Class<?> type, RandomGenerator random) {
        if (type.isEnum()) {
            Object[] constants = type.getEnumConstants();
            return constants[random.nextInt(constants.length)];
        }
        if (type == byte[].class) {
            byte[] codes = new byte[random.nextInt(300)];
            Arrays.fill(codes, (byte) random.nextInt(5));
            return codes;
        }
        if (type == float[].class) {
            return new float[random.nextInt(300)];
        }
        if (type == String.class) {
            return random.nextBoolean() ? "" : "no\u001b[31m such\n";
        }
        if (type == RowTask.class) {
            return (RowTask) (from, to) -> {};
        }
        if (type == Executor.class) {
            Executor atOnce = Runnable::run;
            Executor never = task -> {};
            return random.nextBoolean() ? atOnce : never;
        }
        if (type == CpuFeatures.class) {
            return CpuFeatures.unknown();
        }
        if (type == Jvm.class) {
            return Jvm.current();
        }
        if (type == SelectionOptions.class) {
            return SelectionOptions.NONE;
        }
        if (type == Requirements.class) {
            return new Requirements(Set.of(), Set.of());
        }
        if (type == KernelSource.class) {
            return KernelSource.find().getFirst();
        }
        if (type == PluginDirectory.class) {
            return plugins();
        }
        if (type == Optional.class) {
            return Optional.empty();
        }
        if (type == Path.class) {
            return Path.of(random.nextBoolean() ? "" : "/none/of/these");
        }
        if (type == Map.class) {
            return random.nextBoolean() ? Map.of() : Collections.singletonMap(null, null);
        }
        if (type == Set.class) {
            return random.nextBoolean() ? Set.of() : Collections.singleton(null);
        }
        if (type == List.class || type == java.util.Collection.class) {
            return random.nextBoolean() ? List.of() : Collections.singletonList(null);
        }
        return null;
    }
}
