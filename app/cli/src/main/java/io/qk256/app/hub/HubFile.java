package io.qk256.app.hub;

/**
 * A file of a repository.
 *
 * @param path within the repository
 * @param size in bytes
 * @param checksum of its bytes
 */
record HubFile(String path, long size, Checksum checksum) {}
