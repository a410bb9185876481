package io.qk256.app.certificates;

import java.nio.file.Path;

/**
 * A report of the compatibility kit that says that a jar passed. It is not signed: it is as good as the directory that
 * it lies in.
 *
 * @param file the report
 * @param sha256 of the jar
 * @param provider the kernel's name
 * @param contract version of the contract that it passed
 * @param cpu where it passed
 * @param jdk on which JVM
 * @param date when, ISO 8601
 */
public record Certificate(
        Path file, String sha256, String provider, String contract, String cpu, String jdk, String date) {}
