package io.qk256.app.commands;

import io.qk256.spi.parallel.ParallelKernel;
import io.qk256.spi.support.UserError;

/** Numbers that users give, each with a limit: what is far beyond use is a slip of the finger. */
final class Limits {

    private Limits() {}

    /** @throws UserError if the value of an option is outside its range */
    static int require(String option, int value, int least, int most) {
        if (value < least || value > most) {
            throw new UserError(option + ": " + value + ", expected " + least
                    + (most == Integer.MAX_VALUE ? " or more" : " to " + most));
        }
        return value;
    }

    /** @throws UserError if it is no number of threads */
    static int requireThreads(String option, int value) {
        return require(option, value, 1, ParallelKernel.MAX_THREADS);
    }
}
