/** Asks OSHI what the CPU can do. */
@NullMarked
package io.qk256.app.cpu;

import org.jspecify.annotations.NullMarked;
