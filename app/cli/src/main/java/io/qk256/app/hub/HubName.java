package io.qk256.app.hub;

import io.qk256.spi.support.PrintableText;
import io.qk256.spi.support.UserError;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of a model on the Hugging Face hub: {@code hf:OWNER/REPO}, or {@code hf:OWNER/REPO:FILE} for one file of several.
 *
 * @param owner a user or an organization
 * @param repo the repository
 * @param file the path of a GGUF file within the repository, its parts separated by slashes
 */
public record HubName(String owner, String repo, Optional<String> file) {

    private static final String PREFIX = "hf:";
    private static final String GGUF = ".gguf";
    private static final int LONGEST_PATH = 1000;
    private static final int LONGEST_PART = 255;
    private static final int LONGEST_WORD = 96;

    private static final Pattern FORM = Pattern.compile("hf:([^/:]+)/([^/:]+)(?::(.*))?", Pattern.DOTALL);

    /** Owners and repositories become directories, with {@code --} between them. */
    private static final Pattern WORD = Pattern.compile("(?!.*(--|\\.\\.))[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?");

    /** Whether a text is meant as such a name. */
    public static boolean isMeant(String text) {
        return text.startsWith(PREFIX);
    }

    /**
     * Reads a name.
     *
     * @throws UserError if it is none
     */
    public static HubName parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches() || !isWord(matcher.group(1)) || !isWord(matcher.group(2))) {
            throw new UserError("'" + PrintableText.line(text)
                    + "' is no model of the hub, expected hf:OWNER/REPO or hf:OWNER/REPO:FILE.gguf");
        }
        Optional<String> file = Optional.ofNullable(matcher.group(3));
        if (file.isPresent() && !isGguf(file.get())) {
            throw new UserError("'" + PrintableText.line(file.get())
                    + "' is no GGUF file of a repository, expected a name that ends in " + GGUF);
        }
        return new HubName(matcher.group(1), matcher.group(2), file);
    }

    private static boolean isWord(String text) {
        return text.length() <= LONGEST_WORD && WORD.matcher(text).matches();
    }

    /** Whether this is the path of a GGUF file that can be kept below a directory of this machine. */
    static boolean isGguf(String path) {
        return path.endsWith(GGUF)
                && path.length() <= LONGEST_PATH
                && path.codePoints().allMatch(PrintableText::isPrintable)
                && path.indexOf('\\') < 0
                && path.indexOf(':') < 0
                && Arrays.stream(path.split("/", -1))
                        .allMatch(part -> !part.isEmpty()
                                && part.length() <= LONGEST_PART
                                && !part.equals(".")
                                && !part.equals(".."));
    }

    /** As the hub has it: {@code OWNER/REPO}. */
    String repository() {
        return owner + "/" + repo;
    }

    /** The same repository, with a file. */
    HubName with(String other) {
        return new HubName(owner, repo, Optional.of(other));
    }

    /** As the user writes it. */
    @Override
    public String toString() {
        return PREFIX + repository() + file.map(name -> ":" + name).orElse("");
    }
}
