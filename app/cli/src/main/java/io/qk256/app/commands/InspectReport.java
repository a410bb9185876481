package io.qk256.app.commands;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.qk256.gguf.GgufArray;
import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.GgufValue;
import io.qk256.gguf.TensorType;
import io.qk256.gguf.layout.Repack;
import io.qk256.gguf.layout.TensorRows;
import io.qk256.spi.support.PrintableText;
import java.io.PrintWriter;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Prints what {@code inspect} says about a file. */
final class InspectReport {

    /** The number of array elements shown; a vocabulary has a hundred thousand. */
    private static final int SHOWN_ELEMENTS = 8;

    private static final int SHOWN_CHARACTERS = 100;

    private final GgufFile file;

    InspectReport(GgufFile file) {
        this.file = file;
    }

    void print(PrintWriter out) throws GgufException {
        out.println(PrintableText.line(file.name()) + ": GGUF version " + file.version() + ", architecture "
                + (file.architecture().isEmpty()
                        ? "unknown"
                        : PrintableText.line(file.architecture(), SHOWN_CHARACTERS))
                + ", "
                + Plural.of(file.metadata().size(), "key") + ", "
                + Plural.of(file.tensors().size(), "tensor")
                + ", aligned to " + Plural.of(file.alignment(), "byte"));
        if (file.parts().size() > 1) {
            out.println("This is a split model, shown as a whole; its parts:");
            file.parts().forEach(part -> out.println("  " + PrintableText.line(part.name())));
        }
        file.incomplete().ifPresent(why -> out.println("Only this part is shown: " + PrintableText.line(why)));
        out.println();
        Table keys = new Table("key", "type", "value");
        for (GgufValue value : file.metadata().values()) {
            keys.add(
                    PrintableText.line(value.key(), SHOWN_CHARACTERS),
                    type(value),
                    PrintableText.line(shown(value), SHOWN_CHARACTERS));
        }
        out.println(keys);
        Table tensors = new Table("tensor", "type", "shape", "bytes");
        for (GgufTensor tensor : file.tensors()) {
            tensors.add(
                    PrintableText.line(tensor.name(), SHOWN_CHARACTERS),
                    name(tensor),
                    shape(tensor),
                    String.format(Locale.ROOT, "%,d", tensor.data().byteSize()));
        }
        out.println(tensors);
        Table types = new Table("type", "tensors", "bytes", "use");
        byType().forEach((label, sum) -> types.add(
                label,
                String.valueOf(sum.tensors()),
                String.format(Locale.ROOT, "%,d", sum.bytes()),
                use(sum.first())));
        out.print(types);
        out.flush();
    }

    JsonObject json() throws GgufException {
        JsonObject json = new JsonObject();
        json.addProperty("file", file.name());
        json.addProperty("version", file.version());
        json.addProperty("architecture", file.architecture());
        json.addProperty("alignment", file.alignment());
        if (file.parts().size() > 1) {
            JsonArray parts = new JsonArray();
            file.parts().forEach(part -> parts.add(part.name()));
            json.add("parts", parts);
        }
        file.incomplete().ifPresent(why -> json.addProperty("incomplete", why));
        JsonArray keys = new JsonArray();
        file.metadata().values().forEach(value -> keys.add(json(value)));
        json.add("keys", keys);
        JsonArray tensors = new JsonArray();
        file.tensors().forEach(tensor -> tensors.add(json(tensor)));
        json.add("tensors", tensors);
        return json;
    }

    private static JsonObject json(GgufValue value) {
        JsonObject json = new JsonObject();
        json.addProperty("key", value.key());
        Optional<GgufArray> array = value.array();
        if (array.isEmpty()) {
            json.addProperty("type", value.type().label());
            json.add("value", scalar(value));
            return json;
        }
        json.addProperty("type", "array of " + array.get().elementType().label());
        json.addProperty("count", array.get().size());
        JsonArray first = new JsonArray();
        for (int i = 0; i < Math.min(SHOWN_ELEMENTS, array.get().size()); i++) {
            first.add(element(array.get(), i));
        }
        json.add("first", first);
        return json;
    }

    private static JsonElement scalar(GgufValue value) {
        String text = value.toString();
        return switch (value.type()) {
            case STRING -> new JsonPrimitive(text);
            case BOOL -> new JsonPrimitive(Boolean.parseBoolean(text));
            case F32, F64 -> new JsonPrimitive(Double.parseDouble(text));
            case U8, I8, U16, I16, U32, I32, U64, I64 -> new JsonPrimitive(new BigInteger(text));
            case ARRAY -> JsonNull.INSTANCE;
        };
    }

    private static JsonElement element(GgufArray array, int i) {
        return switch (array.elementType()) {
            case STRING -> new JsonPrimitive(array.text(i));
            case BOOL -> new JsonPrimitive(array.bool(i));
            case F32, F64 -> new JsonPrimitive(array.real(i));
            case U64 -> new JsonPrimitive(new BigInteger(Long.toUnsignedString(array.integer(i))));
            case U8, I8, U16, I16, U32, I32, I64 -> new JsonPrimitive(array.integer(i));
            case ARRAY -> JsonNull.INSTANCE;
        };
    }

    private static JsonObject json(GgufTensor tensor) {
        JsonObject json = new JsonObject();
        json.addProperty("name", tensor.name());
        json.addProperty("type", name(tensor));
        JsonArray dims = new JsonArray();
        tensor.dims().forEach(dims::add);
        json.add("dims", dims);
        json.addProperty("bytes", tensor.data().byteSize());
        group(tensor.type()).ifPresent(weights -> json.addProperty("group", weights));
        json.addProperty("use", use(tensor));
        return json;
    }

    /** The name of the tensor's type, or the number if it is unknown here. */
    private static String name(GgufTensor tensor) {
        return tensor.type() == TensorType.OTHER
                ? tensor.typeLabel()
                : tensor.type().name();
    }

    /** @param first one of the tensors */
    private record Sum(GgufTensor first, int tensors, long bytes) {

        Sum plus(Sum other) {
            return new Sum(first, tensors + other.tensors, bytes + other.bytes);
        }
    }

    private Map<String, Sum> byType() {
        List<GgufTensor> sorted = file.tensors().stream()
                .sorted(Comparator.comparing(GgufTensor::type).thenComparingInt(GgufTensor::typeId))
                .toList();
        Map<String, Sum> sums = new LinkedHashMap<>();
        for (GgufTensor tensor : sorted) {
            sums.merge(tensor.typeLabel(), new Sum(tensor, 1, tensor.data().byteSize()), Sum::plus);
        }
        return sums;
    }

    private static String use(GgufTensor tensor) {
        if (tensor.type() == TensorType.QK256) {
            return "kernels take it as it is";
        }
        if (Repack.refusal(tensor).isEmpty()) {
            return "repacked for kernels"
                    + group(tensor.type())
                            .map(weights -> ", a scale for " + weights + " weights")
                            .orElse("");
        }
        return TensorRows.refusal(tensor).map(why -> "none: " + why).orElse("read as f32");
    }

    /** The number of weights with a common scale, for types that exist with several. */
    private static Optional<Integer> group(TensorType type) {
        return switch (type) {
            case Q2_0, Q2_0_G128, PQ2_0, PTQ1_0 -> Optional.of(type.blockWeights());
            default -> Optional.empty();
        };
    }

    private static String shape(GgufTensor tensor) {
        List<Long> outerFirst = new ArrayList<>(tensor.dims()).reversed();
        return outerFirst.stream().map(String::valueOf).collect(Collectors.joining("x"));
    }

    private static String type(GgufValue value) {
        return value.array()
                .map(array -> "array of " + array.elementType().label())
                .orElse(value.type().label());
    }

    private static String shown(GgufValue value) {
        Optional<GgufArray> array = value.array();
        if (array.isEmpty()) {
            return value.toString();
        }
        List<String> first = new ArrayList<>();
        for (int i = 0; i < Math.min(SHOWN_ELEMENTS, array.get().size()); i++) {
            first.add(element(array.get(), i).toString());
        }
        String more = array.get().size() > SHOWN_ELEMENTS ? ", ..." : "";
        return array.get().size() + ": [" + String.join(", ", first) + more + "]";
    }
}
