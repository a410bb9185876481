/** Models of the Hugging Face hub: finds them in its cache on this machine, and downloads them into it. */
@NullMarked
package io.qk256.app.hub;

import org.jspecify.annotations.NullMarked;
