package io.qk256.testing;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.condition.EnabledIf;

/** A test that repeats, in the packaged application, what a faster one tests: only with {@code -Dqk256.tests=long}. */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@EnabledIf(value = "io.qk256.testing.Effort#isLong", disabledReason = "only with -Dqk256.tests=long")
public @interface LongTest {}
