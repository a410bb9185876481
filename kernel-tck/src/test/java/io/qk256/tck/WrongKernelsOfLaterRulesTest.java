package io.qk256.tck;

import io.qk256.tck.WrongKernels.Wrong;
import java.util.List;

/** The wrong kernels that {@link WrongKernelsTest} leaves out. */
class WrongKernelsOfLaterRulesTest extends CatchesWrongKernels {

    static List<Wrong> wrongKernels() {
        return WrongKernels.all().stream()
                .filter(wrong -> !WrongKernelsTest.isOfAnEarlierRule(wrong))
                .toList();
    }
}
