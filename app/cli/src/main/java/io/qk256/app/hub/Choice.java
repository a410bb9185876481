package io.qk256.app.hub;

import io.qk256.spi.support.UserError;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The model that a name means among the files of a repository. A large model may be split into files that end in {@code
 * -00001-of-00003.gguf}; all of them are one model.
 */
final class Choice {

    private static final Pattern SPLIT = Pattern.compile("(.*-)([0-9]{5})(-of-([0-9]{5})[.]gguf)", Pattern.DOTALL);
    private static final int MOST_PARTS = 1000;
    private static final int MOST_SHOWN = 40;

    private Choice() {}

    /**
     * The files of the model in their order; most often one.
     *
     * @param files the files that there are, with their sizes in bytes; those that are not GGUF are passed over
     * @param where where they are, for people
     * @throws UserError if the name means none of them or more than one, or parts are missing
     */
    static List<String> of(HubName name, Map<String, Long> files, String where) {
        Map<String, Long> models = new TreeMap<>();
        files.forEach((file, size) -> {
            if (HubName.isGguf(file)) {
                models.merge(parts(file).getFirst(), size, Long::sum);
            }
        });
        if (models.isEmpty()) {
            throw new UserError(name + ": there is no GGUF file in " + where);
        }
        if (name.file().isEmpty() && models.size() > 1) {
            throw new UserError(name + ": there are " + models.size() + " models in " + where + ", name one: "
                    + describe(name, models));
        }
        String chosen = name.file().orElseGet(() -> models.keySet().iterator().next());
        List<String> parts = parts(chosen);
        if (!models.containsKey(parts.getFirst())) {
            throw new UserError(name + ": there is no such file in " + where + ", but: " + describe(name, models));
        }
        for (String part : parts) {
            if (!files.containsKey(part)) {
                throw new UserError(name + ": the part '" + part + "' is missing in " + where + ", expected "
                        + parts.size() + " parts");
            }
        }
        return parts;
    }

    /** The names of all files of a model, of which one is known. */
    static List<String> parts(String file) {
        Matcher split = SPLIT.matcher(file);
        if (!split.matches()) {
            return List.of(file);
        }
        int count = Integer.parseInt(split.group(4));
        int number = Integer.parseInt(split.group(2));
        if (number < 1 || number > count || count > MOST_PARTS) {
            return List.of(file);
        }
        List<String> parts = new ArrayList<>();
        for (int i = 1; i <= count; i++) {
            parts.add(split.group(1) + String.format(Locale.ROOT, "%05d", i) + split.group(3));
        }
        return List.copyOf(parts);
    }

    private static String describe(HubName name, Map<String, Long> models) {
        return models.entrySet().stream()
                        .limit(MOST_SHOWN)
                        .map(model -> name.with(model.getKey()) + " (" + Sizes.of(model.getValue()) + ")")
                        .collect(Collectors.joining(", "))
                + (models.size() > MOST_SHOWN ? ", ..." : "");
    }
}
