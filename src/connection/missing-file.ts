/** Whether a file could not be read because there is none: it, or a folder above it. */
export function isMissingFile(error: Error): boolean {
  return "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}
