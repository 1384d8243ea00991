/** Text for people in lines of words, none wider than the screen; further lines are indented. */
import { widthOf } from "../../format/text.ts";

/** `start` stands before the first line and is counted; a word wider than the screen is left to it. */
export function wrapped(start: string, text: string, columns: number): string {
  const indent = " ".repeat(widthOf(start));
  const lines: string[] = [];
  let line = start;
  for (const word of text.split(" ")) {
    const isFirst = widthOf(line) <= indent.length;
    const longer = isFirst ? line + word : `${line} ${word}`;
    if (!isFirst && widthOf(longer) > columns) {
      lines.push(line);
      line = indent + word;
    } else {
      line = longer;
    }
  }
  return [...lines, line].join("\n");
}
