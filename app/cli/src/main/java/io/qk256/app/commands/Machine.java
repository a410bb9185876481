package io.qk256.app.commands;

import io.qk256.app.cpu.Cpu;
import io.qk256.spi.selection.Calibration;
import io.qk256.spi.selection.Jvm;
import io.qk256.spi.selection.KernelSelector;
import io.qk256.spi.selection.KernelSource;
import io.qk256.spi.selection.Selection;
import io.qk256.spi.selection.SelectionOptions;
import io.qk256.spi.support.UserError;
import java.util.List;
import java.util.Optional;

/**
 * The machine that a command runs on, and the kernels selected for it.
 *
 * @param cpu the CPU, perhaps restricted to fewer features
 * @param selection the result of the selection
 */
record Machine(Cpu cpu, Selection selection) {

    private static final List<String> NONE = List.of("none");

    /**
     * Selects kernels for a CPU.
     *
     * @param real the CPU of this machine
     * @param cpuFeatures the only features that the CPU may have, if it is to be restricted
     * @param plugins where other kernels are
     * @param wishes what the user asks for
     * @param oneKernel whether kernels that cannot be selected may stay closed
     * @param calibrate whether to rank kernels by measurement
     */
    static Machine detect(
            Cpu real,
            Optional<List<String>> cpuFeatures,
            PluginOptions plugins,
            SelectionOptions wishes,
            boolean oneKernel,
            boolean calibrate) {
        Cpu cpu = cpuFeatures.map(labels -> restricted(real, labels)).orElse(real);
        List<KernelSource> sources = plugins.sources(real.name());
        Jvm jvm = Jvm.current();
        if (calibrate) {
            Calibration calibration = new Calibration(real.name(), plugins.cache());
            return new Machine(cpu, KernelSelector.select(sources, cpu.features(), jvm, wishes, calibration));
        }
        return new Machine(
                cpu,
                oneKernel
                        ? KernelSelector.selectFirst(sources, cpu.features(), jvm, wishes)
                        : KernelSelector.select(sources, cpu.features(), jvm, wishes));
    }

    private static Cpu restricted(Cpu real, List<String> labels) {
        try {
            return real.restrictedTo(labels.equals(NONE) ? List.of() : labels);
        } catch (IllegalArgumentException e) {
            throw new UserError("--cpu-features: " + e.getMessage(), e);
        }
    }
}
