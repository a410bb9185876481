package io.qk256.app.commands;

import io.qk256.spi.Contract;
import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** The version of the application, read from a resource that the build writes. */
final class Version implements IVersionProvider {

    Version() {}

    @Override
    public String[] getVersion() throws IOException {
        Properties build = new Properties();
        try (InputStream in = Version.class.getResourceAsStream("build.properties")) {
            build.load(in);
        }
        return new String[] {
            "qk256 " + build.getProperty("version") + " (kernel contract " + Contract.VERSION + ")",
            "JVM " + System.getProperty("java.runtime.version")
        };
    }
}
