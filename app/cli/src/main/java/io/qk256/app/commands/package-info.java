/** The command line. Standard output is data, standard error is talk. */
@NullMarked
package io.qk256.app.commands;

import org.jspecify.annotations.NullMarked;
