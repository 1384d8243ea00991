/** `callsql run FILE.sql… [DB]`: files, one after the other; a last argument that does not end in .sql is the database. */
import { extname } from "node:path";
import { fail } from "../../index.ts";
import type { Invocation } from "../command-line.ts";
import { readText } from "../file.ts";
import { withIncludes } from "../include.ts";
import type { Terminal } from "../terminal.ts";
import { readStdin, withDatabase, type Text, type TextsAndDatabase } from "../texts.ts";

export async function textsOfRun(
  { arguments: given, options }: Extract<Invocation, { kind: "run" }>,
  terminal: Terminal,
): Promise<TextsAndDatabase> {
  const last = given.at(-1) ?? "";
  const isLastDatabase = last !== "-" && extname(last).toLowerCase() !== ".sql";
  const files = isLastDatabase ? given.slice(0, -1) : given;
  if (files.length === 0) fail("cli/no-script", {});
  const databases = [
    ...(options.database === undefined ? [] : [options.database]),
    ...(isLastDatabase ? [last] : []),
  ];
  if (databases.length > 1) fail("cli/two-databases", { databases });
  const texts: Text[] = [];
  for (const file of files) {
    const text = file === "-" ? await readStdin(terminal) : { name: file, text: await readText(file) };
    texts.push(...(await withIncludes(text)));
  }
  return { ...withDatabase(texts, databases[0]), isScript: true };
}
