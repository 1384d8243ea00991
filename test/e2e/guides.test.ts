/**
 * The guides, as a reader would follow them: every `sh` block is run, in order and in one folder; a `text` block behind it
 * is what it printed, with `…` for what differs from day to day.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "./support/folder.ts";
import { root, runShell } from "./support/process.ts";

interface Block {
  readonly script: string;
  /** What it prints; undefined where the guide does not show it. */
  readonly shown: string | undefined;
}

test.each(["joins", "search", "cost", "files", "connections", "server", "resuming", "media", "batch"])(
  "docs/guides/%s.md",
  async (name) => {
    const blocks = blocksOf(readFileSync(join(root, `docs/guides/${name}.md`), "utf8"));
    expect(blocks.length).toBeGreaterThan(2);
    const folder = temporaryFolder();
    const env = { HOME: folder.path, XDG_STATE_HOME: folder.path, XDG_CONFIG_HOME: folder.path };
    // Variables set by one block are there in the next, as in a reader's shell.
    let before = "";
    for (const { script, shown } of blocks) {
      const marker = "--- the block begins ---";
      const { code, stdout, stderr } = await runShell(`set -e\n${before}\necho '${marker}'\n${script}`, {
        cwd: folder.path,
        env,
      });
      expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) });
      const printed = stdout.slice(stdout.indexOf(marker) + marker.length + 1);
      if (shown !== undefined) expect(withGaps(printed, shown)).toBe(shown);
      before += (/^export .*$/gm.exec(script) ?? []).map((line) => `${line}\n`).join("");
    }
    folder.remove();
  },
  // A guide is dozens of processes, one after the other.
  90_000,
);

function blocksOf(guide: string): Block[] {
  return [...guide.matchAll(/^```sh\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?/gms)].map(
    ([, script = "", shown]) => ({ script, shown }),
  );
}

/** What was printed, with the guide's line in place of each line that it matches. */
function withGaps(printed: string, shown: string): string {
  const lines = shown.split("\n");
  return printed
    .split("\n")
    .map((line, index) => (matches(line, lines[index] ?? "") ? (lines[index] ?? "") : line))
    .join("\n");
}

/** `…` in a guide stands for anything. */
function matches(line: string, shown: string): boolean {
  const [first = "", ...rest] = shown.split("…");
  if (rest.length === 0 || !line.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    at = line.indexOf(part, at);
    if (at < 0) return false;
    at += part.length;
  }
  return shown.endsWith("…") || at === line.length;
}
