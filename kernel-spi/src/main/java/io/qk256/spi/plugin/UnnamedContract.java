package io.qk256.spi.plugin;

import io.qk256.spi.KernelProvider;
import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReader;
import java.lang.module.ModuleReference;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Objects;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Plugins for a contract that is on the class path. They are still modules, with everything the JVM enforces for
 * modules, but no module can require the unnamed module. So they get descriptors that do not mention the contract, read
 * the unnamed module, and find the contract's classes, and no others of the application, through a separate class
 * loader.
 */
final class UnnamedContract {

    private static final String MODULE = "io.qk256.spi";
    private static final String SERVICE = KernelProvider.class.getName();

    /** The packages that the contract's module exports to everyone. */
    static final Set<String> PACKAGES =
            Set.of(MODULE, MODULE + ".memory", MODULE + ".parallel", MODULE + ".plugin", MODULE + ".selection");

    /** A package that it exports to some modules only. */
    static final String SUPPORT = MODULE + ".support";

    /** These modules, which may be plugins as well. */
    static final Set<String> SUPPORTED = Set.of(
            "io.qk256.app", "io.qk256.avx2.jni", "io.qk256.gguf", "io.qk256.llm", "io.qk256.server", "io.qk256.tck");

    private UnnamedContract() {}

    /** Returns the modules with descriptors that do not mention the contract. */
    static ModuleFinder finder(ModuleFinder modules) {
        return new ModuleFinder() {
            @Override
            public Optional<ModuleReference> find(String name) {
                return modules.find(name).map(Reference::new);
            }

            @Override
            public Set<ModuleReference> findAll() {
                return modules.findAll().stream().map(Reference::new).collect(Collectors.toSet());
            }
        };
    }

    /**
     * Returns a loader that finds the platform and the contract.
     *
     * @param provider the name of the module that provides kernels
     */
    static ClassLoader loader(String provider) {
        ClassLoader application = Objects.requireNonNull(UnnamedContract.class.getClassLoader());
        return new Loader(application, SUPPORTED.contains(provider));
    }

    /** Lets the modules of a layer see each other and the contract. */
    static void connect(ModuleLayer.Controller controller) {
        for (Module module : controller.layer().modules()) {
            controller.addReads(module, UnnamedContract.class.getModule());
            for (String packaged : module.getPackages()) {
                controller.addExports(module, packaged, UnnamedContract.class.getModule());
            }
        }
    }

    /** Creates a provider as the service loader does for modules. */
    static KernelProvider make(Module module, String className) {
        try {
            Class<?> type = Class.forName(module, className);
            if (type == null) {
                throw new ServiceConfigurationError(SERVICE + ": Provider " + className + " not found");
            }
            Optional<Method> method = providerMethod(type);
            Object made = method.isPresent()
                    ? method.get().invoke(null)
                    : type.getConstructor().newInstance();
            return KernelProvider.class.cast(Objects.requireNonNull(made, "provider() returned null"));
        } catch (InvocationTargetException e) {
            throw notMade(className, e.getCause());
        } catch (ReflectiveOperationException | ClassCastException e) {
            throw notMade(className, e);
        }
    }

    private static ServiceConfigurationError notMade(String className, @Nullable Throwable cause) {
        return new ServiceConfigurationError(SERVICE + ": Provider " + className + " could not be instantiated", cause);
    }

    private static Optional<Method> providerMethod(Class<?> type) {
        return Stream.of(type.getMethods())
                .filter(method -> method.getName().equals("provider") && method.getParameterCount() == 0)
                .filter(method -> Modifier.isStatic(method.getModifiers()))
                .findFirst();
    }

    private static ModuleDescriptor withoutContract(ModuleDescriptor module) {
        ModuleDescriptor.Builder builder = module.isAutomatic()
                ? ModuleDescriptor.newAutomaticModule(module.name())
                : module.isOpen()
                        ? ModuleDescriptor.newOpenModule(module.name())
                        : ModuleDescriptor.newModule(module.name());
        builder.packages(module.packages());
        if (!module.isAutomatic()) { // An automatic module requires, exports and opens everything.
            module.requires().stream()
                    .filter(requires -> !requires.name().equals(MODULE))
                    .forEach(builder::requires);
            module.exports().forEach(builder::exports);
            if (!module.isOpen()) {
                module.opens().forEach(builder::opens);
            }
            module.uses().stream().filter(service -> !service.equals(SERVICE)).forEach(builder::uses);
        }
        module.provides().stream()
                .filter(provides -> !provides.service().equals(SERVICE))
                .forEach(builder::provides);
        return builder.build();
    }

    /** A module with another descriptor. */
    private static final class Reference extends ModuleReference {

        private final ModuleReference module;

        Reference(ModuleReference module) {
            super(withoutContract(module.descriptor()), module.location().orElse(null));
            this.module = module;
        }

        @Override
        public ModuleReader open() throws IOException {
            return module.open();
        }
    }

    private static final class Loader extends ClassLoader {

        private final ClassLoader application;
        private final boolean supported;

        Loader(ClassLoader application, boolean supported) {
            super("qk256-contract", ClassLoader.getPlatformClassLoader());
            this.application = application;
            this.supported = supported;
        }

        @Override
        protected Class<?> findClass(String name) throws ClassNotFoundException {
            String packaged = name.substring(0, Math.max(0, name.lastIndexOf('.')));
            if (PACKAGES.contains(packaged) || (supported && packaged.equals(SUPPORT))) {
                return application.loadClass(name);
            }
            throw new ClassNotFoundException(name);
        }
    }
}
