package io.qk256.spi.plugin;

import java.io.IOException;

/**
 * A hostile plugin and its expected outcome.
 *
 * @param name the name of the plugin, its file and its package
 * @param place where the code goes
 * @param code what it does
 * @param why the start of the reason
 */
record HostilePlugin(String name, Place place, String code, String why) {

    /** The outcome of a plugin whose code is never called, or whose behavior is not the kernel's concern. */
    static final String USABLE = "outranked by builtin";

    private static final String NAME = "    @Override\n    public String name";
    private static final String TO_STRING = "        /** The code of a weight";
    private static final String CODE = "return Qk256.code(w";

    /** Where the code goes. */
    enum Place {
        /** Additional members of the provider. */
        MEMBERS,
        /** The body of {@code name()}. */
        NAMING,
        /** The body of {@code contractVersion()}. */
        VERSION,
        /** The body of {@code requirements()}. */
        REQUIREMENTS,
        /** The body of {@code rank()}. */
        RANK,
        /** Before the kernel is opened. */
        OPEN,
        /** Additional members of the kernel. */
        KERNEL,
        /** Before the kernel dequantizes a weight. */
        CALL
    }

    /** The compiled plugin. Its rank is the lowest, so the built-in kernel is always selected. */
    TestPlugin plugin() throws IOException {
        TestPlugin plugin = TestPlugin.kernel(name).replacing("return 1000;", "return -1;");
        return switch (place) {
            case MEMBERS -> plugin.replacing(NAME, code + NAME);
            case NAMING -> plugin.replacing("return \"" + name + "\";", code);
            case VERSION -> plugin.replacing("return Contract.VERSION;", code);
            case REQUIREMENTS -> plugin.replacing("return Requirements.NONE;", code);
            case RANK -> plugin.replacing("return -1;", code);
            case OPEN -> plugin.opening(code);
            case KERNEL -> plugin.replacing(TO_STRING, code + TO_STRING);
            case CALL -> plugin.replacing(CODE, code + CODE);
        };
    }

    @Override
    public String toString() {
        return name;
    }
}
