package io.qk256.app.certificates;

import java.nio.file.Path;

/**
 * A report of the compatibility kit that a jar passed. It is not signed, so it can be trusted only as far as the directory
 * it lies in.
 *
 * @param file the report
 * @param sha256 of the jar
 * @param provider the kernel's name
 * @param contract version of the contract that it passed
 * @param cpu the CPU that it passed on
 * @param jdk the JVM that it passed on
 * @param date when it passed, ISO 8601
 */
public record Certificate(
        Path file, String sha256, String provider, String contract, String cpu, String jdk, String date) {}
