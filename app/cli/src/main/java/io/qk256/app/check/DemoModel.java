package io.qk256.app.check;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import io.qk256.gguf.layout.WeightFile;
import java.lang.foreign.Arena;

/** The small embedded language model, which tells fairy tales. */
public final class DemoModel {

    static final String I2S = "demo-i2_s.gguf";

    private DemoModel() {}

    /** Returns the model's file. Closing it does nothing; its memory is garbage collected. */
    public static GgufFile file() throws GgufException {
        return WeightFile.of(Resources.bytes(I2S, Arena.ofAuto()), "the embedded model");
    }
}
