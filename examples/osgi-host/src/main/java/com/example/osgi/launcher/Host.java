package com.example.osgi.launcher;

import java.io.IOException;
import java.io.InputStream;
import java.lang.ref.WeakReference;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.function.Function;
import java.util.stream.Stream;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;
import org.osgi.framework.wiring.BundleWiring;

/** The framework that is on the class path, with bundles of a directory. */
final class Host implements AutoCloseable {

    private static final String VECTOR = "jdk.incubator.vector";

    private final Framework framework;
    private final List<String> problems = new ArrayList<>();

    private Host(Framework framework) {
        this.framework = framework;
    }

    /**
     * Starts the framework, installs all jars of a directory and starts them.
     *
     * @param storage an empty directory for the framework
     * @param options properties for the framework, in addition to those that the bundles need
     */
    static Host start(Path bundles, Path storage, Map<String, String> options)
            throws BundleException, IOException {
        Map<String, String> properties = new HashMap<>();
        properties.put(Constants.FRAMEWORK_STORAGE, storage.toString());
        if (ModuleLayer.boot().findModule(VECTOR).isPresent()) {
            properties.put(Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA, VECTOR);
        }
        properties.putAll(options);
        FrameworkFactory factory = ServiceLoader.load(FrameworkFactory.class).findFirst().orElseThrow();
        Host host = new Host(factory.newFramework(properties));
        host.framework.start();
        List<Bundle> installed = new ArrayList<>();
        try (Stream<Path> files = Files.list(bundles)) {
            for (Path file : files.filter(path -> path.toString().endsWith(".jar")).sorted().toList()) {
                installed.add(host.framework.getBundleContext().installBundle(file.toUri().toString()));
            }
        }
        installed.forEach(host::start);
        return host;
    }

    private void start(Bundle bundle) {
        try {
            bundle.start();
        } catch (BundleException e) { // The others are started; the table of kernels has a row for this one.
            problems.add(bundle.getSymbolicName() + ": " + e.getMessage());
        }
    }

    /** Why bundles did not start. */
    List<String> problems() {
        return List.copyOf(problems);
    }

    /** The name and version of the framework. */
    String framework() {
        return framework.getSymbolicName() + " " + framework.getVersion();
    }

    /** Sends a command to the application bundle and returns its answer. */
    @SuppressWarnings({"unchecked", "rawtypes"})
    String console(String command) {
        try {
            ServiceReference<Function> console = framework
                    .getBundleContext()
                    .getServiceReferences(Function.class, "(name=console)")
                    .stream()
                    .findFirst()
                    .orElseThrow(() -> new IllegalStateException("the application bundle does not run: " + problems));
            return (String) framework.getBundleContext().getService(console).apply(command);
        } catch (InvalidSyntaxException e) {
            throw new AssertionError(e);
        }
    }

    /** Installs a bundle from a jar. */
    Bundle install(Path jar) throws BundleException {
        return framework.getBundleContext().installBundle(jar.toUri().toString());
    }

    /** The bundle with a symbolic name. */
    Bundle bundle(String name) {
        return Arrays.stream(framework.getBundleContext().getBundles())
                .filter(bundle -> bundle.getSymbolicName().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no bundle is called " + name));
    }

    /**
     * Takes a kernel away while a model decodes, and gives it back: in turn by stop and start, by update, and by uninstall and
     * install. After each change the model must decode two tokens.
     *
     * @param name the symbolic name of the kernel's bundle
     * @param changes how often
     * @return the class loaders that the bundle no longer has
     */
    List<WeakReference<ClassLoader>> exchange(String name, int changes) throws BundleException, IOException {
        List<WeakReference<ClassLoader>> loaders = new ArrayList<>();
        for (int i = 0; i < changes; i++) {
            Bundle bundle = bundle(name);
            String location = bundle.getLocation();
            if (i % 3 < 2) {
                loaders.add(new WeakReference<>(bundle.adapt(BundleWiring.class).getClassLoader()));
            }
            switch (i % 3) {
                case 0 -> {
                    try (InputStream jar = URI.create(location).toURL().openStream()) {
                        bundle.update(jar);
                    }
                }
                case 1 -> {
                    bundle.uninstall();
                    settle();
                    framework.getBundleContext().installBundle(location).start();
                }
                default -> {
                    bundle.stop();
                    settle();
                    bundle.start();
                }
            }
            settle();
        }
        return loaders;
    }

    private void settle() {
        console("settle");
        console("await 2");
    }

    @Override
    public void close() throws BundleException {
        framework.stop();
        try {
            framework.waitForStop(0);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
