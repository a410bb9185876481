package io.qk256.app.commands;

import io.qk256.llm.model.HeadType;

/** {@link HeadType}, by the names that users type. */
enum Head {
    STORED(HeadType.STORED),
    /** The same, by the name of the type in most files. */
    F16(HeadType.STORED),
    Q8(HeadType.INT8),
    SCREENED(HeadType.SCREENED);

    private final HeadType type;

    Head(HeadType type) {
        this.type = type;
    }

    HeadType type() {
        return type;
    }
}
