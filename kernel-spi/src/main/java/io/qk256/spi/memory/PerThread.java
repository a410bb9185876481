package io.qk256.spi.memory;

import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Scratch memory of a kernel, one object for each thread that calls it. The objects belong to this one: when the kernel
 * is no longer reachable, they are not either. A {@link ThreadLocal} would keep them, and with them the class loader of
 * the kernel, as long as each thread lives, so an exchanged kernel would never leave memory. Once the garbage collector
 * has noticed that a thread has ended, the next call of any thread lets go of its object. Thread-safe.
 *
 * @param <T> the scratch memory, which must not refer to a thread
 */
public final class PerThread<T> {

    private final Supplier<T> maker;

    /** A thread refers only to what the platform's own loader has loaded. */
    @SuppressWarnings("ThreadLocalUsage") // A static one would mix the kernels.
    private final ThreadLocal<@Nullable WeakReference<T>> ofThread = new ThreadLocal<>();

    private final Set<OfThread<T>> all = ConcurrentHashMap.newKeySet();
    private final ReferenceQueue<Thread> ended = new ReferenceQueue<>();

    /** Keeps the scratch memory of a thread, but not the thread. */
    private static final class OfThread<T> extends WeakReference<Thread> {

        final T value;

        OfThread(Thread thread, T value, ReferenceQueue<Thread> ended) {
            super(thread, ended);
            this.value = value;
        }
    }

    /**
     * Creates it without scratch memory.
     *
     * @param maker creates the scratch memory of a thread, when that thread first asks for it
     */
    public PerThread(Supplier<T> maker) {
        this.maker = Objects.requireNonNull(maker, "maker");
    }

    /** Returns the scratch memory of the calling thread. */
    public T get() {
        for (Object one = ended.poll(); one != null; one = ended.poll()) {
            all.remove(one);
        }
        WeakReference<T> known = ofThread.get();
        T value = known == null ? null : known.get();
        return value == null ? make() : value;
    }

    private T make() {
        T made = Objects.requireNonNull(maker.get(), "the maker returned null");
        OfThread<T> kept = new OfThread<>(Thread.currentThread(), made, ended);
        all.add(kept);
        ofThread.set(new WeakReference<>(kept.value));
        return made;
    }
}
