package io.qk256.gguf.layout;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.GgufValue;
import io.qk256.gguf.TensorType;
import io.qk256.gguf.TypeRules;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Map;

/**
 * Opens model files. Unlike {@link GgufFile#open(Path)}, recognizes the tensor types that have no id in GGUF: QK256,
 * which is stored as I8, and the layouts of I2_S. Stateless and thread-safe.
 */
public final class WeightFile {

    private WeightFile() {}

    /**
     * Maps and checks a file of any size. Tensors of type I2_S are taken to have the layout of x86.
     *
     * @throws GgufException if there is no such file, or it breaks a rule of the format
     * @throws IOException if the file cannot be read
     */
    public static GgufFile open(Path path) throws IOException {
        return open(path, I2sLayout.X86);
    }

    /**
     * Maps and checks a file of any size.
     *
     * @param i2sLayout how tensors of type I2_S are packed, which the file does not record
     * @throws GgufException if there is no such file, or it breaks a rule of the format
     * @throws IOException if the file cannot be read
     */
    public static GgufFile open(Path path, I2sLayout i2sLayout) throws IOException {
        return GgufFile.open(path, new Rules(i2sLayout));
    }

    /**
     * Checks a file that is already in memory. Tensors of type I2_S are taken to have the layout of x86.
     *
     * @param bytes the whole file, off-heap or a {@code byte[]}
     * @param name its name in messages
     * @throws GgufException if it breaks a rule of the format
     */
    public static GgufFile of(MemorySegment bytes, String name) throws GgufException {
        return GgufFile.of(bytes, name, new Rules(I2sLayout.X86));
    }

    private record Rules(I2sLayout i2sLayout) implements TypeRules {

        @Override
        public TensorType typeOf(TensorType numbered) {
            return numbered == TensorType.I2_S ? i2sLayout.type() : numbered;
        }

        @Override
        public Map<String, GgufTensor> recognise(
                String file, Map<String, GgufValue> keys, Map<String, GgufTensor> stored) throws GgufException {
            if (Qk256Codec.isUsedBy(file, keys)) {
                for (Map.Entry<String, GgufTensor> tensor : stored.entrySet()) {
                    tensor.setValue(Qk256Codec.recognise(tensor.getValue()));
                }
            }
            return stored;
        }
    }
}
