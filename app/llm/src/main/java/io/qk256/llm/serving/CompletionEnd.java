package io.qk256.llm.serving;

import java.time.Duration;
import java.util.Optional;

/**
 * How a completion ended.
 *
 * @param reason why
 * @param stopString the stop string that appeared, for {@link FinishReason#STOP_STRING}, or with a constraint {@link
 *     FinishReason#CUT_BY_GRAMMAR}
 * @param usage the tokens
 * @param queued the time from submission until the first pass with tokens of this request
 * @param toFirstToken the time from submission until the first token was chosen; zero if there was none
 * @param total the time from submission to the end
 */
@SuppressWarnings("exports") // The annotations are for the compiler only.
public record CompletionEnd(
        FinishReason reason,
        Optional<String> stopString,
        Usage usage,
        Duration queued,
        Duration toFirstToken,
        Duration total) {}
