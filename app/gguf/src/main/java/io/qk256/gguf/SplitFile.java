package io.qk256.gguf;

import io.qk256.spi.support.FileProblem;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds and checks the parts of a model that is split into several files.
 *
 * <p>Source: ggml-org/llama.cpp {@code src/llama-model-loader.cpp}. Each part has the keys {@code split.no}, counted from
 * 0, and {@code split.count}, and a name that ends in {@code -%05d-of-%05d.gguf}, counted from 1; all other keys of the
 * model are in the first part. Each part has tensors, offsets and padding of its own.
 */
final class SplitFile {

    private static final int MAX_PARTS = 65_535;
    private static final Pattern NAME = Pattern.compile("(.*)-(\\d{5})-of-(\\d{5})\\.gguf", Pattern.DOTALL);
    private static final String COUNT_KEY = "split.count";
    private static final String NUMBER_KEY = "split.no";
    private static final String TENSORS_KEY = "split.tensors.count";

    private SplitFile() {}

    /** Maps a file. */
    @FunctionalInterface
    interface Mapping {
        MemorySegment map(Path path) throws IOException;
    }

    /** The number of parts of the model that a file belongs to; 1 if it is whole. */
    static int parts(GgufHeader file) throws GgufException {
        Optional<GgufValue> count = file.find(COUNT_KEY);
        return count.isPresent() ? (int) Math.max(1, count.get().asInteger(0, MAX_PARTS)) : 1;
    }

    /** What a part is, for messages. */
    static String describe(GgufHeader part) throws GgufException {
        Optional<GgufValue> number = part.find(NUMBER_KEY);
        String which = number.isPresent() ? "part " + (number.get().asInteger(0, MAX_PARTS) + 1) + " of " : "one of ";
        return part.name() + ": this is " + which + parts(part) + " of a split model";
    }

    /**
     * Reads all parts of a model, in their order.
     *
     * @param asked the part that was asked for, at {@code path}
     * @throws GgufException if a part is missing, or they do not belong together
     */
    static List<GgufHeader> read(Path path, GgufHeader asked, TypeRules rules, Mapping mapping) throws IOException {
        int count = parts(asked);
        String prefix = prefix(path, asked, count);
        List<GgufHeader> parts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Path sibling = path.resolveSibling(name(prefix, i, count));
            Optional<String> absence = FileProblem.absence(sibling);
            if (absence.isPresent()) {
                throw new GgufException(describe(asked) + ", whose part " + (i + 1) + " is missing (" + sibling + ": "
                        + absence.get() + "), expected all " + count + " parts beside each other; get the missing one");
            }
            MemorySegment bytes = mapping.map(sibling);
            GgufHeader part = i == 0
                    ? GgufHeader.read(sibling.toString(), bytes, rules)
                    : GgufHeader.readAfter(parts.getFirst(), sibling.toString(), bytes, rules);
            requireNumber(part, i, count);
            parts.add(part);
        }
        requireOneModel(parts);
        return parts;
    }

    /** The files of the model that a name stands for, as far as the name tells: all parts, or the file itself. */
    static List<Path> files(Path path) {
        Path name = path.getFileName();
        Matcher matcher = NAME.matcher(name == null ? "" : name.toString());
        List<Path> files = new ArrayList<>(List.of(path));
        if (matcher.matches()) {
            int count = Math.min(MAX_PARTS, Integer.parseInt(matcher.group(3)));
            for (int i = 0; i < count; i++) {
                files.add(path.resolveSibling(name(matcher.group(1), i, count)));
            }
        }
        return files;
    }

    private static String name(String prefix, int part, int count) {
        return prefix + "-" + fiveDigits(part + 1) + "-of-" + fiveDigits(count) + ".gguf";
    }

    private static String fiveDigits(int number) {
        String digits = Integer.toString(number);
        return "0".repeat(5 - digits.length()) + digits;
    }

    /** The common start of the names of all parts. */
    private static String prefix(Path path, GgufHeader asked, int count) throws GgufException {
        String file = Objects.requireNonNull(path.getFileName()).toString();
        Matcher matcher = NAME.matcher(file);
        if (matcher.matches() && Integer.parseInt(matcher.group(3)) == count) {
            return matcher.group(1);
        }
        long number = asked.find(NUMBER_KEY).isPresent()
                ? asked.find(NUMBER_KEY).get().asInteger(0, count - 1L)
                : 0;
        throw new GgufException(describe(asked) + ", expected a name that ends in " + name("", (int) number, count)
                + ", from which those of the other parts follow; rename the file");
    }

    private static void requireNumber(GgufHeader part, int number, int count) throws GgufException {
        int seenCount = parts(part);
        Optional<GgufValue> value = part.find(NUMBER_KEY);
        long seen = value.isPresent() ? value.get().asInteger(0, MAX_PARTS) : -1;
        if (seenCount != count || seen != number) {
            throw new GgufException(part.name() + ": " + NUMBER_KEY + " is " + (seen < 0 ? "missing" : seen) + " and "
                    + COUNT_KEY + " is " + seenCount + ", expected " + number + " and " + count
                    + " by its name and the other parts; get the file again");
        }
    }

    private static void requireOneModel(List<GgufHeader> parts) throws GgufException {
        GgufHeader first = parts.getFirst();
        Map<String, String> owners = new HashMap<>();
        long tensors = 0;
        for (GgufHeader part : parts) {
            Optional<String> architecture = part.architecture();
            if (architecture.isPresent() && !architecture.equals(first.architecture())) {
                throw ofAnotherModel(
                        part,
                        "general.architecture is " + architecture.get(),
                        first.architecture().orElse("none") + " as in " + first.name());
            }
            for (TensorEntry entry : part.entries()) {
                String owner = owners.putIfAbsent(entry.name(), part.name());
                if (owner != null) {
                    throw ofAnotherModel(part, "tensor " + entry.name() + " is also in " + owner, "each name once");
                }
                tensors++;
            }
        }
        for (GgufHeader part : parts) {
            Optional<GgufValue> expected = part.find(TENSORS_KEY);
            if (expected.isPresent() && expected.get().asInteger(0, Long.MAX_VALUE) != tensors) {
                throw ofAnotherModel(
                        part, TENSORS_KEY + " is " + expected.get(), tensors + ", the number of tensors in all parts");
            }
        }
    }

    private static GgufException ofAnotherModel(GgufHeader part, String seen, String expected) {
        return new GgufException(part.name() + ": " + seen + ", expected " + expected
                + "; a part is of another model or damaged, get all parts again");
    }
}
