package io.qk256.app.commands;

import io.qk256.app.cpu.Cpu;
import io.qk256.spi.Jvm;
import io.qk256.spi.selection.Calibration;
import io.qk256.spi.selection.KernelSelector;
import io.qk256.spi.selection.KernelSource;
import io.qk256.spi.selection.Selection;
import io.qk256.spi.selection.Wishes;
import java.util.List;
import java.util.Optional;

/**
 * The machine that a command runs on, and what was selected for it.
 *
 * @param cpu the CPU, perhaps pretended smaller
 * @param selection the outcome
 */
record Machine(Cpu cpu, Selection selection) {

    private static final List<String> NONE = List.of("none");

    static Machine detect(Optional<List<String>> cpuFeatures, PluginOptions plugins, Wishes wishes, boolean calibrate) {
        Cpu real = Cpu.detect();
        Cpu cpu = cpuFeatures
                .map(labels -> real.restrictedTo(labels.equals(NONE) ? List.of() : labels))
                .orElse(real);
        List<KernelSource> sources = plugins.sources(real.name());
        Selection selection = calibrate
                ? KernelSelector.select(
                        sources, cpu.features(), Jvm.current(), wishes, new Calibration(real.name(), plugins.cache()))
                : KernelSelector.select(sources, cpu.features(), Jvm.current(), wishes);
        return new Machine(cpu, selection);
    }
}
