/**
 * Column names of an imported file. An unnamed column is called column_N (spreadsheets and pandas write such
 * headers); a name that occurs twice is a mistake, because either guess would put values into the wrong column.
 */
import { fail } from "../../index.ts";

export function columnNames(file: string, header: readonly string[]): string[] {
  const names = header.map((name, index) => (name.trim() === "" ? `column_${index + 1}` : name.trim()));
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name.toLowerCase())) fail("cli/import-duplicate-column", { file, column: name });
    seen.add(name.toLowerCase());
  }
  return names;
}
