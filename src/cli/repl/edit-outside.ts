/** A text in the editor of the user's choice, in a file that nobody else may read and that is gone afterwards. */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fail } from "../../index.ts";

export async function editOutside(
  text: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const editor = env["VISUAL"]?.trim() || env["EDITOR"]?.trim() || "vi";
  const folder = await mkdtemp(join(tmpdir(), "callsql-"));
  try {
    const file = join(folder, "statement.sql");
    await writeFile(file, text === "" ? "" : `${text}\n`, { mode: 0o600 });
    await run(editor, file);
    return (await readFile(file, "utf8")).replaceAll("\r\n", "\n").trimEnd();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Through the shell: `EDITOR="code --wait"` is a command, not a file. Ctrl-C is the editor's. */
function run(editor: string, file: string): Promise<void> {
  const ignore = (): void => {};
  process.on("SIGINT", ignore);
  const ended = new Promise<void>((resolve, reject) => {
    const child = spawn(`${editor} ${quoted(file)}`, { shell: true, stdio: "inherit" });
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve() : reject(new Error(`it ended with ${code}`))));
  });
  return ended
    .catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      fail("cli/editor-failed", { editor, reason });
    })
    .finally(() => process.off("SIGINT", ignore));
}

function quoted(file: string): string {
  return process.platform === "win32" ? `"${file}"` : `'${file.replaceAll("'", `'\\''`)}'`;
}
