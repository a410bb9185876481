/** Converts checkpoints in the form of Hugging Face, a directory of safetensors and JSON files, to GGUF. */
@NullMarked
package io.qk256.app.checkpoint;

import org.jspecify.annotations.NullMarked;
