/**
 * Images, sound and other BLOBs of a result as files, each called after its column and row, with the ending of what its
 * bytes are: `Image-1.png`. What `.save` and `--save-media` write. Never writes over a file.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fail, makeFolder, sniff, systemReasonOf } from "../../index.ts";
import type { Column, Row } from "./column.ts";

export interface MediaValue {
  readonly column: string;
  /** From 1. */
  readonly row: number;
  readonly bytes: Uint8Array;
}

/** The BLOBs of a row; vectors are numbers, not files. */
export function mediaOf(row: Row, columns: readonly Column[], number: number): MediaValue[] {
  const found: MediaValue[] = [];
  for (const [index, bytes] of row.entries()) {
    const column = columns[index];
    if (!(bytes instanceof Uint8Array) || column === undefined || column.format === "embedding") continue;
    found.push({ column: column.name, row: number, bytes });
  }
  return found;
}

/**
 * The path of the file that holds the value, in a folder that is made if need be. A file of that name that holds
 * something else is left alone and the new one gets a number: `Image-1-2.png`.
 */
export async function saveMedia(value: MediaValue, folder: string): Promise<string> {
  const { stem, ending } = nameOf(value);
  makeMediaFolder(folder);
  try {
    for (let number = 1; ; number++) {
      const path = join(folder, `${stem}${number === 1 ? "" : `-${number}`}.${ending}`);
      if (await isWritten(path, value.bytes)) return path;
    }
  } catch (error) {
    return fail("cli/unwritable-file", { file: folder, reason: systemReasonOf(error) });
  }
}

/** Throws cli/unwritable-file. */
export function makeMediaFolder(folder: string): void {
  try {
    makeFolder(resolve(folder));
  } catch (error) {
    fail("cli/unwritable-file", { file: folder, reason: systemReasonOf(error) });
  }
}

/** False: the name is taken by something else. A file that already holds these bytes need not be written. */
async function isWritten(path: string, bytes: Uint8Array): Promise<boolean> {
  try {
    await writeFile(path, bytes, { flag: "wx" });
    return true;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
  const found = await readFile(path).catch(() => undefined);
  return found?.equals(bytes) === true;
}

function nameOf({ column, row, bytes }: MediaValue): { stem: string; ending: string } {
  const name = column.replace(/[^\p{L}\p{M}\p{N}_.-]+/gu, "_").replace(/^[._]+/, "") || "value";
  const format = sniff(bytes)?.format ?? "bin";
  return { stem: `${name.slice(0, 80)}-${row}`, ending: format === "jpeg" ? "jpg" : format };
}
