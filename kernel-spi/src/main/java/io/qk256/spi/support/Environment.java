package io.qk256.spi.support;

import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads every environment variable and system property of the project: a blank value counts as not set, because
 * shells and container files unset a variable with {@code NAME=}.
 */
public final class Environment {

    private Environment() {}

    /** Returns the value of an environment variable, unless it is unset or blank. */
    public static Optional<String> variable(String name) {
        return value(System.getenv(name));
    }

    /** Returns the value of a system property, unless it is unset or blank. */
    public static Optional<String> property(String name) {
        return value(System.getProperty(name));
    }

    /** Applies the same rule to a value from elsewhere. */
    public static Optional<String> value(@Nullable String value) {
        return Optional.ofNullable(value).filter(text -> !text.isBlank());
    }

    /** Applies the same rule to another source of values. */
    public static Function<String, Optional<String>> of(Function<String, @Nullable String> source) {
        return name -> value(source.apply(name));
    }
}
