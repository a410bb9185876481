package io.qk256.app.commands;

import io.qk256.spi.selection.Candidate;
import io.qk256.spi.selection.Remedy;

/** What users can do about an unusable kernel, in terms of this program's options. */
final class Remedies {

    private Remedies() {}

    static String words(Remedy remedy) {
        return switch (remedy) {
            case Remedy.AllowNative access ->
                "if you trust it, allow it with --allow-native " + access.module() + " or in the trust file";
            case Remedy.MoreProbeTime time ->
                "--probe-seconds gives it more time than " + time.current().toSeconds() + " s";
        };
    }

    /** The reason for a candidate's state, and what to do about it. */
    static String why(Candidate candidate) {
        return candidate.why() + afterReason(candidate);
    }

    /** What to do, as text that follows the reason; empty if there is nothing. */
    static String afterReason(Candidate candidate) {
        return candidate.remedy().map(remedy -> "; " + words(remedy)).orElse("");
    }
}
