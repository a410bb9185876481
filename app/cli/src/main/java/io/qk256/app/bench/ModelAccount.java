package io.qk256.app.bench;

import io.qk256.llm.model.Account;

/**
 * Where the time goes.
 *
 * @param what what was computed, in a word or two
 * @param kernel the kernel's name
 * @param threads number of compute threads
 * @param head how the weights of the output head are stored
 * @param account what was measured
 */
public record ModelAccount(String what, String kernel, int threads, String head, Account account) {

    /** Converts nanoseconds of the account to milliseconds per token. */
    public double perToken(long nanos) {
        return nanos / 1e6 / account.tokens();
    }
}
