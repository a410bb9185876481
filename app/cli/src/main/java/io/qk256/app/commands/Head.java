package io.qk256.app.commands;

import io.qk256.llm.model.HeadType;

/** {@link HeadType} by the names that users give. */
enum Head {
    STORED(HeadType.STORED),
    /** The name that most files' type has; the same. */
    F16(HeadType.STORED),
    Q8(HeadType.INT8);

    private final HeadType type;

    Head(HeadType type) {
        this.type = type;
    }

    HeadType type() {
        return type;
    }
}
