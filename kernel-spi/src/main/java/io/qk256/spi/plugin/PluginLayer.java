package io.qk256.spi.plugin;

import io.qk256.spi.KernelProvider;
import io.qk256.spi.selection.Gate;
import java.lang.module.Configuration;
import java.lang.module.FindException;
import java.lang.module.ModuleFinder;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The modules of one plugin, in a layer above that of the contract. */
final class PluginLayer {

    private static final Pattern MISSING = Pattern.compile("Module (\\S+) not found.*");

    private final ModuleLayer layer;

    private PluginLayer(ModuleLayer layer) {
        this.layer = layer;
    }

    /**
     * Makes the layer.
     *
     * @param jars of the plugin
     * @param provider the module that provides kernels
     * @param modules all modules in the jars
     * @param nativeAccess whether they have native access
     */
    static PluginLayer define(List<Path> jars, String provider, Set<String> modules, boolean nativeAccess)
            throws PluginException {
        Module contract = PluginLayer.class.getModule();
        ModuleLayer parent = contract.getLayer();
        if (parent == null) {
            throw new PluginException(
                    Gate.RESOLVED,
                    "kernel-spi is on the class path, where plugins cannot find it; put it on the module path");
        }
        if (parent.findModule(provider).isPresent()) {
            throw new PluginException(
                    Gate.RESOLVED,
                    "module " + provider
                            + " is part of the application; take one of them away, or give it another name");
        }
        try {
            ModuleFinder finder = ModuleFinder.of(jars.toArray(Path[]::new));
            Configuration configuration = parent.configuration().resolve(finder, ModuleFinder.of(), modules);
            ModuleLayer.Controller controller = ModuleLayer.defineModulesWithOneLoader(
                    configuration, List.of(parent), ClassLoader.getPlatformClassLoader());
            if (nativeAccess) {
                allowNative(controller);
            }
            return new PluginLayer(controller.layer());
        } catch (RuntimeException
                | LinkageError e) { // Many kinds, such as split packages and modules that are missing.
            throw new PluginException(Gate.RESOLVED, reason(e), e);
        }
    }

    @SuppressWarnings("restricted") // Needs --enable-native-access for this module, as the documentation says.
    private static void allowNative(ModuleLayer.Controller controller) throws PluginException {
        try {
            controller.layer().modules().forEach(controller::enableNativeAccess);
        } catch (IllegalCallerException e) {
            throw new PluginException(
                    Gate.RESOLVED,
                    "it has native access, but this JVM does not let the application grant it; start it with"
                            + " --enable-native-access="
                            + PluginLayer.class.getModule().getName(),
                    e);
        }
    }

    private static String reason(Throwable thrown) {
        String message = String.valueOf(thrown.getMessage());
        Matcher missing = MISSING.matcher(message);
        if (thrown instanceof FindException && missing.matches()) {
            String name = missing.group(1);
            return message + "; "
                    + (ModuleFinder.ofSystem().find(name).isPresent()
                            ? "start the JVM with --add-modules " + name
                            : "put both jars into a folder of their own");
        }
        return message;
    }

    /** The layer's provider of that number, counted in the order of the module's descriptor. */
    KernelProvider provider(int index) {
        // The loader gives the providers of the layer first, in this order, and goes on to those of its parents.
        Iterator<ServiceLoader.Provider<KernelProvider>> found =
                ServiceLoader.load(layer, KernelProvider.class).stream().iterator();
        for (int i = 0; i < index; i++) {
            try {
                found.next();
            } catch (ServiceConfigurationError | LinkageError e) {
                // It belongs to another number.
            }
        }
        ServiceLoader.Provider<KernelProvider> provider = found.next();
        KernelProvider made = provider.get();
        if (made.getClass().getModule().getLayer() != layer) {
            throw new NoSuchElementException("the module no longer provides it");
        }
        return made;
    }
}
