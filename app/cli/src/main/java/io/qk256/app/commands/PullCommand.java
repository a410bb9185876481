package io.qk256.app.commands;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.qk256.app.hub.Hub;
import io.qk256.app.hub.Hub.Pulled;
import io.qk256.app.hub.Hub.PulledFile;
import io.qk256.app.hub.HubCache;
import io.qk256.app.hub.HubName;
import io.qk256.spi.support.Environment;
import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Downloads a model. */
@Command(
        name = "pull",
        mixinStandardHelpOptions = true,
        description = {
            "Download a GGUF file from the Hugging Face hub into the hub's cache on this machine, where '-m"
                    + " hf:OWNER/REPO[:FILE]' and the hub's own tools find it; of a split model, all parts. A file that is"
                    + " there already is not downloaded again; a download that was broken off is continued. Each file is"
                    + " checked against the checksum that the hub gives, SHA-256. Prints the path of the (first) file.",
            "",
            "Environment, as in huggingface_hub: HF_HUB_CACHE or HF_HOME (where the cache is; default"
                    + " ~/.cache/huggingface), HF_TOKEN (for models that are not open to everybody; sent to the hub only),"
                    + " HF_ENDPOINT (another hub), HF_HUB_OFFLINE (1 forbids to download).",
            ""
        })
final class PullCommand implements Callable<Integer> {

    @ParentCommand
    private @Nullable Qk256Command root;

    @Parameters(
            paramLabel = "hf:OWNER/REPO[:FILE]",
            description = "The repository; and the file, if the repository has several models.")
    private String model = "";

    @Option(names = "--json", description = "Print one JSON object with the paths, sizes and checksums of all files.")
    private boolean json;

    PullCommand() {}

    @Override
    public Integer call() throws IOException {
        Qk256Command command = Objects.requireNonNull(root);
        HubName name = HubName.parse(model);
        HubCache cache = ModelFile.cache();
        Hub hub = Hub.of(Environment::variable, Environment::property);
        Terminal terminal = command.terminal();
        Consumer<String> talk = line -> {
            terminal.progress("");
            terminal.say(line);
        };
        Thread farewell =
                new Thread(() -> talk.accept("interrupted; what has come is kept, and the same command continues"));
        Runtime.getRuntime().addShutdownHook(farewell);
        Pulled pulled;
        try {
            pulled = hub.pull(name, cache, ProgressLine.on(terminal), talk);
        } finally {
            terminal.progress("");
            remove(farewell);
        }
        if (json) {
            Json.print(json(name, pulled), command.out());
        } else {
            command.out().println(pulled.files().getFirst().path());
        }
        return ExitCode.OK;
    }

    private static void remove(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            return; // The process ends already.
        }
    }

    private static JsonObject json(HubName name, Pulled pulled) {
        JsonObject root = new JsonObject();
        root.addProperty("model", name.toString());
        root.addProperty("commit", pulled.commit());
        JsonArray files = new JsonArray();
        for (PulledFile file : pulled.files()) {
            JsonObject one = new JsonObject();
            one.addProperty("path", file.path().toString());
            one.addProperty("bytes", file.size());
            one.addProperty("hash", file.hash());
            one.addProperty("downloaded", file.isNew());
            files.add(one);
        }
        root.add("files", files);
        return root;
    }
}
