package io.qk256.app.modulepath;

import java.util.List;

/** {@code avx2-vector}. A class of its own, so that it runs beside the other kernels. */
class WholeKitOfVectorIT extends WholeKit {

    static List<Case> cases() {
        return List.of(new Case("avx2-vector", "", "", List.of()));
    }
}
