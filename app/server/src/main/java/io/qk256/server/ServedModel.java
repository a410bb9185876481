package io.qk256.server;

import io.qk256.llm.LanguageModel;
import java.time.Instant;

/**
 * What a server serves.
 *
 * @param id the name that clients call it by
 * @param model the model
 * @param kernel the kernel that computes it
 * @param why why this kernel was selected
 * @param kernels all kernels and why each was selected or not, as JSON
 * @param since when it was loaded
 */
public record ServedModel(String id, LanguageModel model, String kernel, String why, String kernels, Instant since) {}
