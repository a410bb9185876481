/** The command line. Data goes to standard output, messages to standard error. */
@NullMarked
package io.qk256.app.commands;

import org.jspecify.annotations.NullMarked;
