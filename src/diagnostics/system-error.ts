/** What the operating system says of a file, in words. */

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file or directory",
  EACCES: "permission denied",
  EPERM: "not permitted",
  EISDIR: "it is a directory",
  EEXIST: "it is a file",
  ENOTDIR: "a part of the path is not a directory",
  ENOSPC: "no space left on the device",
  EROFS: "the file system is read-only",
  ENAMETOOLONG: "the name is too long",
};

/** `ENOENT` and its like; undefined for anything that the system did not raise. */
export function systemCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("syscall" in error || "errno" in error)) return undefined;
  return "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** A system error in words, such as `no such file or directory`; of anything else its message. */
export function systemReasonOf(error: unknown): string {
  return reasons[systemCodeOf(error) ?? ""] ?? (error instanceof Error ? error.message : String(error));
}
