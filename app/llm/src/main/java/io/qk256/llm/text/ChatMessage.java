package io.qk256.llm.text;

/** A message of a conversation. */
public record ChatMessage(Role role, String content) {

    /** The author of a message. */
    public enum Role {
        SYSTEM("system"),
        USER("user"),
        ASSISTANT("assistant");

        private final String id;

        Role(String id) {
            this.id = id;
        }

        /** The name that templates know: {@code system}, {@code user} or {@code assistant}. */
        public String id() {
            return id;
        }
    }
}
