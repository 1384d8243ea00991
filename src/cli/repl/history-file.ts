/**
 * The history across sessions: one JSON text a line in the state directory, readable by its owner alone.
 * A history that cannot be read or written is an empty one: no reason to refuse a prompt.
 */
import { appendFile, chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { stateFolder } from "../state-folder.ts";
import { withEntry } from "./edit/history.ts";

/** Lines the file may have before it is written anew with the newest `entriesMax`. */
const linesMax = 4000;
const entriesMax = 2000;

export class HistoryFile {
  #entries: readonly string[] = [];
  readonly #path: string | undefined;

  /** Without a path nothing is kept. */
  constructor(path: string | undefined) {
    this.#path = path;
  }

  /** Oldest first. */
  get entries(): readonly string[] {
    return this.#entries;
  }

  async load(): Promise<void> {
    if (this.#path === undefined) return;
    const text = await readFile(this.#path, "utf8").catch(() => "");
    const lines = text.split("\n").filter((line) => line !== "");
    this.#entries = lines.map(parseEntry).filter((entry) => entry !== "");
    if (lines.length > linesMax) await this.#rewrite();
    this.#entries = this.#entries.slice(-entriesMax);
  }

  /** Two sessions at once both append; neither loses what the other wrote. */
  async add(text: string): Promise<void> {
    const entries = withEntry(this.#entries, text, entriesMax);
    const isAdded = entries !== this.#entries;
    this.#entries = entries;
    if (!isAdded || this.#path === undefined) return;
    try {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
      await appendFile(this.#path, `${JSON.stringify(entries.at(-1))}\n`, { mode: 0o600 });
      await chmod(this.#path, 0o600);
    } catch {
      // A full or read-only disk costs the history, not the session.
    }
  }

  async #rewrite(): Promise<void> {
    if (this.#path === undefined) return;
    const written = `${this.#path}.${process.pid}.tmp`;
    const lines = this.#entries.slice(-entriesMax).map((entry) => `${JSON.stringify(entry)}\n`);
    try {
      await writeFile(written, lines.join(""), { mode: 0o600 });
      await rename(written, this.#path);
    } catch {
      // As above.
    }
  }
}

/** `$CALLSQL_HISTORY` (empty: none is kept), else `history` in the XDG state directory. */
export function historyPath(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const chosen = env["CALLSQL_HISTORY"];
  if (chosen !== undefined) return chosen === "" ? undefined : chosen;
  return join(stateFolder({ env }), "history");
}

function parseEntry(line: string): string {
  try {
    const entry: unknown = JSON.parse(line);
    return typeof entry === "string" ? entry : "";
  } catch {
    return "";
  }
}
