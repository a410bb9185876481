package com.example.osgi.host;

import io.qk256.spi.KernelProvider;
import io.qk256.spi.selection.Artifact;
import io.qk256.spi.selection.Candidate.State;
import io.qk256.spi.selection.CpuFeatures;
import io.qk256.spi.selection.Gate;
import io.qk256.spi.selection.Jvm;
import io.qk256.spi.selection.KernelSelector;
import io.qk256.spi.selection.KernelSource;
import io.qk256.spi.selection.Selection;
import io.qk256.spi.selection.SelectionOptions;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.namespace.PackageNamespace;
import org.osgi.framework.wiring.BundleCapability;
import org.osgi.framework.wiring.BundleRequirement;
import org.osgi.framework.wiring.BundleRevision;
import org.osgi.framework.wiring.FrameworkWiring;
import org.osgi.resource.Namespace;
import org.osgi.util.tracker.ServiceTracker;
import org.osgi.util.tracker.ServiceTrackerCustomizer;

/**
 * Selects among the kernels that bundles register as services, and again whenever one comes or goes. The selection, with its
 * gates and self-tests, runs in a thread of its own. This is all that the framework of kernels needs to know about OSGi.
 */
final class ServiceKernels implements AutoCloseable {

    private static final String SERVICE_LOADER = "osgi.serviceloader";

    private final BundleContext context;
    private final Consumer<Selection> listener;

    /** By rank of the service, then by age, as OSGi orders services. */
    private final Map<ServiceReference<KernelProvider>, KernelSource> sources =
            new ConcurrentSkipListMap<>((a, b) -> b.compareTo(a));

    private final AtomicBoolean pending = new AtomicBoolean();
    private final ExecutorService selecting = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("kernel-selection").factory());
    private final ServiceTracker<KernelProvider, KernelSource> tracker;

    /**
     * Starts to select.
     *
     * @param listener receives each selection, in the selecting thread
     */
    ServiceKernels(BundleContext context, Consumer<Selection> listener) {
        this.context = context;
        this.listener = listener;
        this.tracker = new ServiceTracker<>(context, KernelProvider.class, new Sources());
        tracker.open();
        changed();
    }

    /** Asks for a selection; those that have not begun yet are one. */
    private void changed() {
        if (pending.compareAndSet(false, true)) {
            selecting.execute(this::select);
        }
    }

    private void select() {
        pending.set(false);
        List<KernelSource> all = new ArrayList<>(sources.values());
        for (Bundle bundle : context.getBundles()) {
            if (bundle.getState() == Bundle.INSTALLED && providesKernel(bundle)) {
                all.add(unresolved(bundle));
            }
        }
        listener.accept(
                KernelSelector.select(all, CpuFeatures.unknown(), Jvm.current(), SelectionOptions.NONE));
    }

    /** Returns when everything that has happened so far is part of a selection that the listener has received. */
    void settle() throws InterruptedException {
        try {
            selecting.submit(this::select).get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    private static boolean providesKernel(Bundle bundle) {
        for (BundleCapability capability : bundle.adapt(BundleRevision.class).getDeclaredCapabilities(SERVICE_LOADER)) {
            if (KernelProvider.class.getName().equals(capability.getAttributes().get(SERVICE_LOADER))) {
                return true;
            }
        }
        return false;
    }

    /** A row for a bundle that has registered nothing because the framework cannot resolve it. */
    private KernelSource unresolved(Bundle bundle) {
        return KernelSource.stopped(
                bundle.getSymbolicName(),
                artifact(bundle, false),
                new KernelSource.Stop(Gate.RESOLVED, State.REJECTED, missing(bundle), Optional.empty()));
    }

    private String missing(Bundle bundle) {
        FrameworkWiring wiring = context.getBundle(0).adapt(FrameworkWiring.class);
        List<String> missing = new ArrayList<>();
        for (BundleRequirement requirement : bundle.adapt(BundleRevision.class).getDeclaredRequirements(null)) {
            boolean optional = Namespace.RESOLUTION_OPTIONAL.equals(
                    requirement.getDirectives().get(Namespace.REQUIREMENT_RESOLUTION_DIRECTIVE));
            if (!optional && wiring.findProviders(requirement).isEmpty()) {
                missing.add(requirement.getNamespace() + " "
                        + requirement.getDirectives().get(Namespace.REQUIREMENT_FILTER_DIRECTIVE));
            }
        }
        if (missing.isEmpty()) {
            return "the framework has not resolved it; start the bundle, and the framework says why it cannot";
        }
        boolean vector = missing.stream()
                .anyMatch(text -> text.startsWith(PackageNamespace.PACKAGE_NAMESPACE)
                        && text.contains("jdk.incubator.vector"));
        return "no bundle provides " + String.join(", ", missing)
                + (vector
                        ? "; start the JVM with --add-modules jdk.incubator.vector, and the framework with"
                                + " org.osgi.framework.system.packages.extra=jdk.incubator.vector"
                        : "; install a bundle that does");
    }

    private static Artifact artifact(Bundle bundle, boolean nativeAccess) {
        return Artifact.ofContainer(
                String.valueOf(bundle.getSymbolicName()),
                Optional.of(bundle.getVersion().toString()),
                bundle.getLocation(),
                sha256(bundle.getLocation()),
                nativeAccess);
    }

    private static Optional<String> sha256(String location) {
        try {
            return Optional.of(Artifact.sha256(Path.of(URI.create(location))));
        } catch (IOException | RuntimeException e) { // The location of a bundle may be any text.
            return Optional.empty();
        }
    }

    /** Ends the selection; the listener is not called any more. */
    @Override
    public void close() {
        tracker.close();
        selecting.close();
    }

    private final class Sources implements ServiceTrackerCustomizer<KernelProvider, KernelSource> {

        @Override
        public KernelSource addingService(ServiceReference<KernelProvider> reference) {
            KernelProvider provider = context.getService(reference);
            if (provider == null) { // Gone meanwhile, or its constructor has thrown.
                return null;
            }
            Class<?> type = provider.getClass();
            boolean nativeAccess = type.getModule().isNativeAccessEnabled();
            KernelSource source = new KernelSource(
                    type.getName(), artifact(reference.getBundle(), nativeAccess), () -> provider);
            sources.put(reference, source);
            changed();
            return source;
        }

        @Override
        public void modifiedService(ServiceReference<KernelProvider> reference, KernelSource source) {}

        @Override
        public void removedService(ServiceReference<KernelProvider> reference, KernelSource source) {
            sources.remove(reference);
            context.ungetService(reference);
            changed();
        }
    }
}
