package io.qk256.gguf;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A tensor of a GGUF file.
 *
 * @param file name of the file, for messages
 * @param name its name
 * @param type how its values are stored
 * @param typeId the number in the file that says so; negative if it is in none
 * @param dims one to four dimensions, each 1 or more; the first is the contiguous one
 * @param data its bytes, read-only and on no particular boundary of memory; alive as long as the file is open
 */
public record GgufTensor(String file, String name, TensorType type, int typeId, List<Long> dims, MemorySegment data) {

    /** A tensor. */
    public GgufTensor {
        dims = List.copyOf(dims);
    }

    /** A tensor of a type that its own number stands for. */
    public GgufTensor(String file, String name, TensorType type, List<Long> dims, MemorySegment data) {
        this(file, name, type, type.id(), dims, data);
    }

    /** The type, for people: by number if its name is not known. */
    public String typeLabel() {
        return type == TensorType.OTHER ? "type " + typeId : type.label();
    }

    /** The contiguous dimension. */
    public long cols() {
        return dims.getFirst();
    }

    /** The product of the other dimensions. */
    public long rows() {
        return dims.stream().skip(1).reduce(1L, (a, b) -> a * b);
    }

    /** The product of all dimensions. */
    public long weights() {
        return rows() * cols();
    }

    /**
     * The bytes of a tensor that must be of one type: the values themselves, without a copy, if the type is F32, F16 or
     * BF16. In a file that {@link GgufFile#open} mapped they lie on a boundary of 8 bytes or more.
     *
     * @throws GgufException if it is of another type
     */
    public MemorySegment dataOf(TensorType wanted) throws GgufException {
        if (type != wanted) {
            throw new GgufException(
                    this + ": expected type " + wanted.label() + "; the file is of another kind than expected");
        }
        return data;
    }

    /** File, name, type and shape, for messages. */
    @Override
    public String toString() {
        return file + ", tensor " + name + " of " + typeLabel() + ", " + rows() + "x" + cols();
    }
}
