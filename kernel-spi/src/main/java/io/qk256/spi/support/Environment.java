package io.qk256.spi.support;

import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * How every environment variable and system property of the project is read: a blank value counts as not set, because
 * {@code NAME=} is how shells and container files unset one.
 */
public final class Environment {

    private Environment() {}

    /** The value of an environment variable, unless it is unset or blank. */
    public static Optional<String> variable(String name) {
        return value(System.getenv(name));
    }

    /** The value of a system property, unless it is unset or blank. */
    public static Optional<String> property(String name) {
        return value(System.getProperty(name));
    }

    /** The same rule for a value from elsewhere. */
    public static Optional<String> value(@Nullable String value) {
        return Optional.ofNullable(value).filter(text -> !text.isBlank());
    }

    /** The same rule over another source of values. */
    public static Function<String, Optional<String>> of(Function<String, @Nullable String> source) {
        return name -> value(source.apply(name));
    }
}
