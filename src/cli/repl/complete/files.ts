/** File names that begin as what was typed. A folder ends in `/`, so that one goes on from there. */
import { readdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Candidate } from "../edit/state.ts";

export async function filesFor(typed: string): Promise<Candidate[]> {
  const slash = typed.lastIndexOf("/") + 1;
  const folder = typed.slice(0, slash);
  const start = typed.slice(slash);
  const items = await readdir(expandHome(folder === "" ? "." : folder), { withFileTypes: true }).catch(
    () => [],
  );
  return items
    .filter(({ name }) => name.startsWith(start) && (start !== "" || !name.startsWith(".")))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((item) => {
      const isFolder = item.isDirectory();
      return { text: `${folder}${item.name}${isFolder ? "/" : ""}`, detail: isFolder ? "folder" : "" };
    });
}

/** `~/x` as the shell means it; dot-commands take it, SQL does not. */
export function expandHome(path: string): string {
  return path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : path;
}
