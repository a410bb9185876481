package io.qk256.spi.selection;

import io.qk256.spi.Contract;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A version of the contract, and which providers it accepts. Before 1.0 every minor version may break providers; from
 * 1.0 on only a major version does.
 */
record ContractVersion(int major, int minor) {

    private static final Pattern FORM = Pattern.compile("(0|[1-9]\\d{0,5})\\.(0|[1-9]\\d{0,5})");

    /** The version of this framework. */
    static final ContractVersion CURRENT = parse(Contract.VERSION).orElseThrow();

    /** Parses {@code major.minor}; empty for any other text. */
    static Optional<ContractVersion> parse(String text) {
        Matcher parts = FORM.matcher(text);
        return parts.matches()
                ? Optional.of(new ContractVersion(Integer.parseInt(parts.group(1)), Integer.parseInt(parts.group(2))))
                : Optional.empty();
    }

    /** Returns why a provider built for another version cannot be used with this one; empty if it can. */
    Optional<String> refusal(ContractVersion built) {
        boolean accepted = major == built.major && (major > 0 || minor == built.minor);
        return accepted
                ? Optional.empty()
                : Optional.of("built for contract " + built + ", this is " + this + "; " + recompile());
    }

    /** Returns a caveat about an accepted provider that was built for a newer version. */
    Optional<String> warning(ContractVersion built) {
        return built.minor > minor
                ? Optional.of("built for contract " + built + ", newer than this framework's " + this
                        + ": it may need something that is missing here")
                : Optional.empty();
    }

    /** Says what to do about a provider that was compiled against another version. */
    String recompile() {
        return "recompile it against the io.qk256:kernel-spi of contract " + this + ", or get a build for that";
    }

    @Override
    public String toString() {
        return major + "." + minor;
    }
}
