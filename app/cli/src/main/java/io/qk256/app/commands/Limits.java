package io.qk256.app.commands;

import io.qk256.spi.parallel.ParallelKernel;
import io.qk256.spi.support.UserError;

/** Checks numbers given by users against limits: a value far beyond any use is a typing error. */
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

    /** @throws UserError if it is not a valid number of threads */
    static int requireThreads(String option, int value) {
        return require(option, value, 1, ParallelKernel.MAX_THREADS);
    }
}
