package io.qk256.app.bench;

import io.qk256.llm.model.Account;
import java.util.OptionalDouble;

/**
 * The measured speed of a prompt.
 *
 * @param tokens the length of the prompt
 * @param rate tokens per second
 * @param multiplyAdds multiply-adds of attention
 * @param peak multiply-adds per second of the same number of threads when they do nothing else; empty if unknown
 * @param account where the time went
 */
public record PromptRow(int tokens, double rate, double multiplyAdds, OptionalDouble peak, ModelAccount account) {

    /** Multiply-adds of attention per second of the time for attention. */
    public double attentionRate() {
        return multiplyAdds * 1e9 / account.account().nanos(Account.Part.ATTENTION);
    }
}
