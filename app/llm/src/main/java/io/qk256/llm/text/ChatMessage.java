package io.qk256.llm.text;

/** A message of a conversation. */
public record ChatMessage(Role role, String content) {

    /** The author of a message. */
    public enum Role {
        SYSTEM("System"),
        USER("User"),
        ASSISTANT("Assistant");

        private final String label;

        Role(String label) {
            this.label = label;
        }

        /** The name that templates write before the message. */
        public String label() {
            return label;
        }
    }
}
