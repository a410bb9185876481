package io.qk256.app.commands;

import io.qk256.spi.selection.Candidate;
import io.qk256.spi.selection.KernelSelector;
import io.qk256.spi.selection.Selection;
import io.qk256.spi.support.UserError;
import java.util.ArrayList;
import java.util.List;

/** The kernels that can be measured. */
final class Usable {

    private Usable() {}

    static List<Candidate> all(Selection selection) {
        return selection.candidates().stream()
                .filter(candidate -> candidate.kernel().isPresent())
                .toList();
    }

    /** @throws UserError if a name is unknown, or its kernel is not usable */
    static List<Candidate> named(List<String> names, Selection selection) {
        List<Candidate> chosen = new ArrayList<>();
        for (String name : names) {
            Candidate candidate = selection
                    .candidate(name)
                    .orElseThrow(() -> new UserError(KernelSelector.unknownName(name, selection.candidates())));
            if (candidate.kernel().isEmpty()) {
                throw new UserError("kernel " + name + " is not usable: " + Remedies.why(candidate));
            }
            chosen.add(candidate);
        }
        return chosen;
    }
}
