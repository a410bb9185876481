package com.example.osgi.host;

import io.qk256.spi.Kernel;
import io.qk256.spi.selection.Candidate;
import io.qk256.spi.selection.Selection;
import java.util.Hashtable;
import java.util.Optional;
import java.util.function.Function;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;

/**
 * An application bundle: a model that decodes on the best kernel of all bundles. Its console is a service without types of its
 * own, so that the launcher, outside the framework, can use it: a function from a command to what it prints.
 */
public final class Activator implements BundleActivator {

    /** The properties of the framework that are options of this bundle. */
    public static final String WARM_UP = "com.example.osgi.warm-up";

    private ServiceKernels kernels;
    private long warmUp;
    private volatile Selection selection;
    private volatile Decoder decoder;

    /** Called by the framework. */
    public Activator() {}

    @Override
    public void start(BundleContext context) {
        warmUp = Long.parseLong(Optional.ofNullable(context.getProperty(WARM_UP)).orElse("1000"));
        kernels = new ServiceKernels(context, this::selected);
        Hashtable<String, Object> properties = new Hashtable<>();
        properties.put("name", "console");
        Function<String, String> console = this::answer;
        context.registerService(Function.class, console, properties);
    }

    /** In the selecting thread. Without a usable kernel the model keeps the one that it has. */
    private void selected(Selection made) {
        selection = made;
        Decoder running = decoder;
        if (running != null && made.selected().isPresent()) {
            Kernel kernel = made.kernel();
            if (running.isNew(kernel)) {
                WarmUp.run(kernel, warmUp);
                running.use(name(made), kernel);
            }
        }
    }

    private static String name(Selection made) {
        return made.selected().map(Candidate::name).orElse("none");
    }

    private String answer(String command) {
        try {
            String[] words = command.split(" ", 3);
            switch (words[0]) {
                case "settle" -> kernels.settle();
                case "decode" -> {
                    kernels.settle();
                    decoder = new Decoder(words[2], Integer.parseInt(words[1]), name(selection), selection.kernel());
                }
                case "await" -> decoder.await(Integer.parseInt(words[1]));
                case "stop" -> {
                    return decoder.stop();
                }
                default -> {
                    kernels.settle();
                    return table(selection);
                }
            }
            return "";
        } catch (Exception e) {
            throw new IllegalStateException(command + ": " + e, e);
        }
    }

    private static String table(Selection selection) {
        StringBuilder text = new StringBuilder();
        for (Candidate candidate : selection.candidates()) {
            text.append(String.format(
                    "%-12s %-9s %-24s %-16s %s%n",
                    candidate.name(),
                    candidate.state().label(),
                    candidate.artifact().module(),
                    candidate.artifact().version().orElse("-"),
                    candidate.why()));
        }
        return text.append("selected: ").append(name(selection)).append(System.lineSeparator()).toString();
    }

    @Override
    public void stop(BundleContext context) throws Exception {
        kernels.close();
        if (decoder != null) {
            decoder.close();
        }
    }
}
