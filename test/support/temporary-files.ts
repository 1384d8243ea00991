/**
 * Run by vitest before and after all tests: what they and their processes put into the temporary directory goes into one
 * folder, which is taken away with whatever they left there.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export default function setUp(): () => void {
  // Short: the path of a Unix socket in a test's own folder may have 107 bytes.
  const folder = mkdtempSync(join(tmpdir(), "callsql-"));
  // What os.tmpdir() reads, here and on Windows.
  for (const name of ["TMPDIR", "TEMP", "TMP"]) process.env[name] = folder;
  // A process that a test has ended may still write.
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
