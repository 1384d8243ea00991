/** One `name = value` a line and an empty line between rows, as sqlite3's `.mode line`. */
import { shownValue } from "./cell.ts";
import type { Format } from "./column.ts";
import { padStart, safeLine, widthOf } from "./text.ts";
import { known } from "../known.ts";

export const line: Format = async function* write(columns, rows, { colours }) {
  const names = columns.map(({ name }) => safeLine(name));
  const width = names.reduce((widest, name) => Math.max(widest, widthOf(name)), 0);
  const indent = " ".repeat(width + " = ".length);
  let isFirst = true;
  for await (const row of rows) {
    const lines = columns.map((column, index) => {
      const value = row[index] ?? null;
      const shown = shownValue(value, column).replaceAll("\n", `\n${indent}`);
      const name = colours.bold(padStart(known(names[index]), width));
      return `${name} = ${value === null ? colours.dim(shown) : shown}\n`;
    });
    yield `${isFirst ? "" : "\n"}${lines.join("")}`;
    isFirst = false;
  }
};
