package io.qk256.llm.text;

import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.Set;

/**
 * The tokens that complete an answer, by their names, as llama.cpp finds them: files often name only one of several in
 * their keys.
 */
final class StopTokens {

    /** Nothing but a mark is written like these, so they are marks even if the file says that they are text. */
    private static final Set<String> MARKS = Set.of(
            "<|im_end|>",
            "<|eot_id|>",
            "<|eom_id|>",
            "<|end_of_text|>",
            "<|endoftext|>",
            "<|end|>",
            "<end_of_turn>",
            "<end_of_utterance>",
            "<\uff5cend\u2581of\u2581sentence\uff5c>");

    /** These may also be text, such as a tag of HTML, if the file does not say that they are control tokens. */
    private static final Set<String> PERHAPS_TEXT = Set.of(
            "</s>", "<eos>", "[EOS]", "<EOT>", "_<EOT>", "[EOT]", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>");

    private static final int LONGEST = 64;

    private StopTokens() {}

    /** Returns the ids of these tokens. */
    static BitSet find(TokenizerKeys keys, TokenType[] types) {
        BitSet found = new BitSet();
        for (int id = 0; id < types.length; id++) {
            int from = keys.texts().from(id);
            int length = keys.texts().to(id) - from;
            if (length > 0 && length <= LONGEST && mayBegin(keys.texts().utf8()[from])) {
                String name = new String(keys.texts().utf8(), from, length, StandardCharsets.UTF_8);
                found.set(id, MARKS.contains(name) || (types[id] == TokenType.CONTROL && PERHAPS_TEXT.contains(name)));
            }
        }
        return found;
    }

    private static boolean mayBegin(byte first) {
        return first == '<' || first == '[' || first == '_';
    }
}
