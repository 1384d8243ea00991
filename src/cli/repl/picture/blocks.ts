/** A picture of coloured half-blocks: `▀` is two pixels, one above the other, in any terminal that has 256 colours. */
import type { Pixels } from "./png.ts";

export type ColourDepth = "true" | "256";

const upperHalf = "▀";
const lowerHalf = "▄";
/** Below it a pixel is the terminal's background. */
const opaqueMin = 128;

export function blocksOf({ width, height, rgba }: Pixels, depth: ColourDepth): string {
  const colourAt = (x: number, y: number): string | undefined => {
    const at = (y * width + x) * 4;
    const [red = 0, green = 0, blue = 0, alpha = 0] = rgba.subarray(at, at + 4);
    if (y >= height || alpha < opaqueMin) return undefined;
    return depth === "true" ? `2;${red};${green};${blue}` : `5;${nearest(red, green, blue)}`;
  };
  const lines: string[] = [];
  for (let y = 0; y < height; y += 2) {
    let line = "";
    for (let x = 0; x < width; x++) line += cell(colourAt(x, y), colourAt(x, y + 1));
    lines.push(`${line}\u001b[0m\n`);
  }
  return lines.join("");
}

function cell(upper: string | undefined, lower: string | undefined): string {
  if (upper !== undefined && lower !== undefined) return `\u001b[38;${upper};48;${lower}m${upperHalf}`;
  if (upper !== undefined) return `\u001b[0;38;${upper}m${upperHalf}`;
  return lower === undefined ? "\u001b[0m " : `\u001b[0;38;${lower}m${lowerHalf}`;
}

/** Of the 6×6×6 cube and the 24 greys of xterm's palette. */
function nearest(red: number, green: number, blue: number): number {
  const isGrey = Math.max(red, green, blue) - Math.min(red, green, blue) < 8;
  const grey = Math.round((red - 8) / 10);
  if (isGrey && grey >= 0 && grey < 24) return 232 + grey;
  const step = (value: number): number => (value < 48 ? 0 : value < 115 ? 1 : Math.floor((value - 35) / 40));
  return 16 + 36 * step(red) + 6 * step(green) + step(blue);
}
