package io.qk256.gguf.layout;

import io.qk256.gguf.TensorType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** The tensor types that can be read; a new type is one line here. */
final class TensorCodecs {

    private static final Map<TensorType, TensorCodec> CODECS = byType(
            new F16Codec(),
            new Bf16Codec(),
            new F32Codec(),
            new Q8Codec(),
            new Q6Codec(),
            new Q45KCodec(TensorType.Q5_K),
            new Q45KCodec(TensorType.Q4_K),
            Q45Codec.withMinimum(TensorType.Q5_1, 5),
            Q45Codec.centered(TensorType.Q5_0, 5),
            Q45Codec.withMinimum(TensorType.Q4_1, 4),
            Q45Codec.centered(TensorType.Q4_0, 4),
            new I2sCodec.X86(),
            new I2sCodec.Arm(),
            new I2sCodec.Rows4(),
            new Tq1Codec(),
            new Tq2Codec(),
            new Ptq1Codec(),
            new Q2Codec(TensorType.Q2_0),
            new Q2Codec(TensorType.Q2_0_G128),
            new Q2Codec(TensorType.PQ2_0),
            new Qk256Codec());

    private TensorCodecs() {}

    private static Map<TensorType, TensorCodec> byType(TensorCodec... codecs) {
        Map<TensorType, TensorCodec> byType = new LinkedHashMap<>();
        for (TensorCodec codec : codecs) {
            byType.put(codec.type(), codec);
        }
        return Collections.unmodifiableMap(byType);
    }

    /** The codec of a type; empty if it cannot be read. */
    static Optional<TensorCodec> find(TensorType type) {
        return Optional.ofNullable(CODECS.get(type));
    }

    /** The codec of a 2-bit type; empty for other types. */
    static Optional<TwoBitCodec> findTwoBit(TensorType type) {
        return CODECS.get(type) instanceof TwoBitCodec codec ? Optional.of(codec) : Optional.empty();
    }

    private static boolean hasNameOfItsOwn(TensorType type) {
        return switch (type) {
            case I2_S_ARM, I2_S_ROWS4, Q2_0_G128 -> false;
            default -> true;
        };
    }

    /** The names of some types as a list for messages, in the order above; all forms of I2_S and of Q2_0 count as one. */
    static String names(Predicate<TensorCodec> some, String lastWord) {
        List<String> names = new ArrayList<>();
        for (TensorCodec codec : CODECS.values()) {
            if (some.test(codec) && hasNameOfItsOwn(codec.type())) {
                names.add(codec.type().name());
            }
        }
        String last = names.removeLast();
        return String.join(", ", names) + " " + lastWord + " " + last;
    }
}
