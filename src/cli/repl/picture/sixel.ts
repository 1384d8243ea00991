/** A picture as sixels (DEC VT340): bands of six rows, each colour's share of a band written over the other. */
import type { Pixels } from "./png.ts";
import { known } from "../../known.ts";

/** Steps of each of red, green and blue. */
const steps = 6;

export function sixelOf({ width, height, rgba }: Pixels): string {
  const colours = new Set<number>();
  const bands: string[] = [];
  for (let top = 0; top < height; top += 6) {
    /** By colour: the six bits of each column. */
    const masks = new Map<number, Uint8Array>();
    for (let y = top; y < Math.min(top + 6, height); y++) {
      for (let x = 0; x < width; x++) {
        const at = (y * width + x) * 4;
        if (known(rgba[at + 3]) < 128) continue;
        const colour = colourOf(known(rgba[at]), known(rgba[at + 1]), known(rgba[at + 2]));
        const mask = masks.get(colour) ?? new Uint8Array(width);
        masks.set(colour, mask);
        mask[x] = known(mask[x]) | (1 << (y - top));
      }
    }
    bands.push([...masks].map(([colour, mask]) => `#${colour}${runs(mask)}`).join("$"));
    for (const colour of masks.keys()) colours.add(colour);
  }
  const palette = [...colours].map((colour) => `#${colour};2;${percents(colour).join(";")}`).join("");
  return `\u001bP0;1q"1;1;${width};${height}${palette}${bands.join("-")}\u001b\\\n`;
}

function colourOf(red: number, green: number, blue: number): number {
  const step = (value: number): number => Math.round((value / 255) * (steps - 1));
  return (step(red) * steps + step(green)) * steps + step(blue);
}

function percents(colour: number): number[] {
  const parts = [Math.floor(colour / (steps * steps)), Math.floor(colour / steps) % steps, colour % steps];
  return parts.map((part) => Math.round((part * 100) / (steps - 1)));
}

/** `!12~`: a column is the character 63 above its bits, repeated ones are counted. */
function runs(mask: Uint8Array): string {
  let text = "";
  for (let at = 0; at < mask.length;) {
    let end = at + 1;
    while (end < mask.length && mask[end] === mask[at]) end++;
    const character = String.fromCharCode(63 + known(mask[at]));
    text += end - at > 3 ? `!${end - at}${character}` : character.repeat(end - at);
    at = end;
  }
  return text;
}
