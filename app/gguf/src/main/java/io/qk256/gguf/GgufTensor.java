package io.qk256.gguf;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A tensor of a GGUF file.
 *
 * @param file name of the file, for messages
 * @param name the tensor's name
 * @param type the type of its values
 * @param typeId the type id in the file; negative if files have no id for the type
 * @param dims one to four dimensions, each at least 1; the first is contiguous
 * @param data its bytes, read-only, with no guaranteed alignment in memory; valid while the file is open
 */
public record GgufTensor(String file, String name, TensorType type, int typeId, List<Long> dims, MemorySegment data) {

    /** Creates a tensor. */
    public GgufTensor {
        dims = List.copyOf(dims);
    }

    /** Creates a tensor of a type that has an id of its own. */
    public GgufTensor(String file, String name, TensorType type, List<Long> dims, MemorySegment data) {
        this(file, name, type, type.id(), dims, data);
    }

    /** The type for messages; its number if the name is unknown. */
    public String typeLabel() {
        return type == TensorType.OTHER ? "type " + typeId : type.label();
    }

    /** The number of columns: the contiguous dimension. */
    public long cols() {
        return dims.getFirst();
    }

    /** The number of rows: the product of the other dimensions. */
    public long rows() {
        return dims.stream().skip(1).reduce(1L, (a, b) -> a * b);
    }

    /** The number of weights: the product of all dimensions. */
    public long weights() {
        return rows() * cols();
    }

    /**
     * Returns the bytes of a tensor, without copying, and checks its type. For F32, F16 and BF16 they are the values
     * themselves. In a file mapped by {@link GgufFile#open} they are aligned to at least 8 bytes.
     *
     * @throws GgufException if the tensor has another type
     */
    public MemorySegment dataOf(TensorType wanted) throws GgufException {
        if (type != wanted) {
            throw new GgufException(this + ": expected type " + wanted.label() + "; the file is of an unexpected kind");
        }
        return data;
    }

    /** File, name, type and shape, for messages. */
    @Override
    public String toString() {
        return file + ", tensor " + name + " of " + typeLabel() + ", " + rows() + "x" + cols();
    }
}
