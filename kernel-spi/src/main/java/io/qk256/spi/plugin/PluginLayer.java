package io.qk256.spi.plugin;

import io.qk256.spi.KernelProvider;
import io.qk256.spi.selection.Gate;
import java.lang.module.Configuration;
import java.lang.module.FindException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The modules of one plugin, in a layer above the contract's layer, or above the boot layer if the contract has
 * none.
 */
final class PluginLayer {

    private static final Pattern MISSING = Pattern.compile("Module (\\S+) not found.*");

    private static final Module CONTRACT = PluginLayer.class.getModule();

    private final ModuleLayer layer;
    private final ModuleDescriptor provider;

    private PluginLayer(ModuleLayer layer, ModuleDescriptor provider) {
        this.layer = layer;
        this.provider = provider;
    }

    /**
     * Creates the layer.
     *
     * @param jars the plugin's jars
     * @param provider the descriptor of the module that provides kernels
     * @param modules the names of all modules in the jars
     * @param nativeAccess whether they get native access
     */
    static PluginLayer define(List<Path> jars, ModuleDescriptor provider, Set<String> modules, boolean nativeAccess)
            throws PluginException {
        ModuleLayer parent = Optional.ofNullable(CONTRACT.getLayer()).orElseGet(ModuleLayer::boot);
        if (parent.findModule(provider.name()).isPresent()) {
            throw new PluginException(
                    Gate.RESOLVED,
                    "module " + provider.name()
                            + " is part of the application; remove one of them, or give it another name");
        }
        try {
            ModuleFinder jarsAsTheyAre = ModuleFinder.of(jars.toArray(Path[]::new));
            ModuleFinder finder = CONTRACT.isNamed() ? jarsAsTheyAre : UnnamedContract.finder(jarsAsTheyAre);
            ClassLoader loader =
                    CONTRACT.isNamed() ? ClassLoader.getPlatformClassLoader() : UnnamedContract.loader(provider.name());
            Configuration configuration = parent.configuration().resolve(finder, ModuleFinder.of(), modules);
            ModuleLayer.Controller controller =
                    ModuleLayer.defineModulesWithOneLoader(configuration, List.of(parent), loader);
            if (!CONTRACT.isNamed()) {
                UnnamedContract.connect(controller);
            }
            if (nativeAccess) {
                allowNative(controller);
            }
            return new PluginLayer(controller.layer(), provider);
        } catch (RuntimeException | LinkageError e) { // Many causes, such as split packages and missing modules.
            throw new PluginException(Gate.RESOLVED, reason(e), e);
        }
    }

    @SuppressWarnings("restricted") // Needs --enable-native-access for the contract's module, as documented.
    private static void allowNative(ModuleLayer.Controller controller) throws PluginException {
        try {
            controller.layer().modules().forEach(controller::enableNativeAccess);
        } catch (IllegalCallerException e) {
            throw new PluginException(
                    Gate.RESOLVED,
                    "it has native access, but this JVM does not let the application grant it; start it with"
                            + " --enable-native-access="
                            + (CONTRACT.isNamed() ? CONTRACT.getName() : "ALL-UNNAMED"),
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

    /** The layer's provider with that index, in the order of the module's descriptor. */
    KernelProvider provider(int index) {
        if (!CONTRACT.isNamed()) {
            return UnnamedContract.make(
                    layer.findModule(provider.name()).orElseThrow(),
                    PluginFiles.providerClasses(provider).get(index));
        }
        // The loader returns the layer's providers first, in this order, and then those of its parents.
        Iterator<ServiceLoader.Provider<KernelProvider>> found =
                ServiceLoader.load(layer, KernelProvider.class).stream().iterator();
        for (int i = 0; i < index; i++) {
            try {
                found.next();
            } catch (ServiceConfigurationError | LinkageError e) {
                // A broken provider at another index.
            }
        }
        KernelProvider made = found.next().get();
        if (made.getClass().getModule().getLayer() != layer) {
            throw new NoSuchElementException("the module no longer provides it");
        }
        return made;
    }
}
