package io.qk256.llm.text;

/** What one side said in a conversation. */
public record ChatMessage(Role role, String content) {

    /** Who speaks. */
    public enum Role {
        SYSTEM("System"),
        USER("User"),
        ASSISTANT("Assistant");

        private final String label;

        Role(String label) {
            this.label = label;
        }

        /** The name that templates write before what is said. */
        public String label() {
            return label;
        }
    }
}
