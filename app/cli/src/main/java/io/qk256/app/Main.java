package io.qk256.app;

import io.qk256.app.commands.Qk256Command;
import io.qk256.spi.support.ForeignStreams;
import java.io.FileDescriptor;
import java.io.FileOutputStream;

/** Starts the command line. */
public final class Main {

    private Main() {}

    /** Runs the command named by the arguments and exits with its code. */
    public static void main(String[] args) {
        Ending ending = Ending.watch();
        ForeignStreams.install(new FileOutputStream(FileDescriptor.err)); // Before any code of a plugin can run.
        ending.exit(Qk256Command.run(args));
    }
}
