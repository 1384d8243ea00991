/**
 * Draws a text as a card, and text over an image, as SVG. A stand-in for an image model, to try what is done with images;
 * it says so in the picture. The same text gives the same drawing: colours come from its hash.
 */
import { createHash } from "node:crypto";

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Box extends Size {
  readonly x: number;
  readonly y: number;
}

export interface CardOptions extends Size {
  readonly prompt: string;
  readonly isTransparent: boolean;
  /** Which of several for one text. */
  readonly index: number;
}

/** A card that fills the picture. */
export function drawCard({ prompt, isTransparent, index, width, height }: CardOptions): string {
  const { first, second, accent } = coloursOf(`${index} ${prompt}`);
  const margin = Math.round(Math.min(width, height) * 0.07);
  const inner = { x: margin, y: margin, width: width - 2 * margin, height: height - 2 * margin };
  const ground = isTransparent
    ? ""
    : `<defs><linearGradient id="g" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="${first}"/><stop offset="1" stop-color="${second}"/></linearGradient></defs><rect width="${width}" height="${height}" fill="url(#g)"/>`;
  const frame = `<rect x="${inner.x}" y="${inner.y}" width="${inner.width}" height="${inner.height}" rx="${margin / 3}" fill="#ffffff" fill-opacity="0.92" stroke="${accent}" stroke-width="${margin / 12}"/>`;
  return svg({ width, height }, ground + frame + typeset(prompt, inner, accent));
}

export interface EditOptions extends Size {
  readonly prompt: string;
  /** Data URLs. The mask has the image's size; where it is transparent, the image may be changed. */
  readonly image: string;
  readonly mask: string | undefined;
  /** Where to write, in the picture. */
  readonly box: Box;
}

/** The image with the part that may be changed filled and written on. */
export function drawEdit({ prompt, image, mask, box, width, height }: EditOptions): string {
  const { first, accent } = coloursOf(prompt);
  const place = `width="${width}" height="${height}" preserveAspectRatio="none"`;
  const base = `<image ${place} href="${image}"/>`;
  const text = typeset(prompt, box, accent);
  const fill =
    mask === undefined
      ? `<rect x="${box.x}" y="${box.y}" width="${box.width}" height="${box.height}" fill="#ffffff" fill-opacity="0.85"/>${text}`
      : `<g mask="url(#m)"><rect width="${width}" height="${height}" fill="${first}"/><rect x="${box.x}" y="${box.y}" width="${box.width}" height="${box.height}" fill="#ffffff" fill-opacity="0.7"/>${text}</g>`;
  // White where the mask is transparent: its pixels become black, and keep their opacity.
  const definition =
    mask === undefined
      ? ""
      : `<defs><filter id="f" color-interpolation-filters="sRGB"><feColorMatrix values="0 0 0 0 0  0 0 0 0 0  0 0 0 0 0  0 0 0 1 0"/></filter><mask id="m" maskUnits="userSpaceOnUse" x="0" y="0" width="${width}" height="${height}"><rect width="${width}" height="${height}" fill="#ffffff"/><image ${place} href="${mask}" filter="url(#f)"/></mask></defs>`;
  return svg({ width, height }, definition + base + fill);
}

function svg({ width, height }: Size, content: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${content}</svg>`;
}

/** The text as large as it fits into the box, and the note below it. A box too small for letters stays empty. */
function typeset(prompt: string, box: Box, colour: string): string {
  const text = shorten(printable(prompt));
  const noteSize = Math.max(
    letterMin,
    Math.min(box.width / (note.length * letterWidth + 2), box.height / 14),
  );
  const room = { width: box.width * 0.88, height: box.height * 0.92 - 3 * noteSize };
  const size = fontSizes(room.height / 2).find((each) => fits(wrap(text, room.width, each), room, each));
  if (size === undefined) return "";
  const lines = wrap(text, room.width, size);
  const middle = box.x + box.width / 2;
  const top = box.y + (box.height - 2.5 * noteSize - lines.length * size * lineHeight) / 2 + size;
  const written = lines.map(
    (line, index) =>
      `<text x="${fixed(middle)}" y="${fixed(top + index * size * lineHeight)}" font-size="${fixed(size)}" text-anchor="middle" font-family="DejaVu Sans, sans-serif" fill="#1a1a1a">${escape(line)}</text>`,
  );
  const noteY = box.y + box.height - 1.2 * noteSize;
  const isNoteFitting = noteSize * letterWidth * note.length <= box.width;
  const below = `<text x="${fixed(middle)}" y="${fixed(noteY)}" font-size="${fixed(noteSize)}" text-anchor="middle" font-family="DejaVu Sans, sans-serif" fill="${colour}">${note}</text>`;
  return written.join("") + (isNoteFitting ? below : "");
}

/** From large to small. */
function fontSizes(largest: number): readonly number[] {
  const sizes: number[] = [];
  for (let size = largest; size >= letterMin; size *= 0.9) sizes.push(size);
  return sizes;
}

function fits(lines: readonly string[], room: Size, size: number): boolean {
  const isNarrow = lines.every((line) => line.length * size * letterWidth <= room.width);
  return isNarrow && lines.length * size * lineHeight <= room.height;
}

function wrap(text: string, width: number, size: number): readonly string[] {
  const lines: string[] = [];
  let open = "";
  for (const word of text.split(" ")) {
    const longer = open === "" ? word : `${open} ${word}`;
    if (open !== "" && longer.length * size * letterWidth > width) {
      lines.push(open);
      open = word;
    } else open = longer;
  }
  return [...lines, open];
}

/** One line without what XML cannot hold, or what would reverse the letters. */
function printable(text: string): string {
  return text.replace(/[\p{C}\s]+/gu, " ").trim();
}

function shorten(text: string): string {
  const letters = Array.from(text);
  return letters.length <= lettersMax
    ? text
    : `${letters
        .slice(0, lettersMax - 1)
        .join("")
        .trimEnd()}…`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function fixed(value: number): string {
  return value.toFixed(2);
}

function coloursOf(text: string): { first: string; second: string; accent: string } {
  const [hue = 0, turn = 0] = createHash("sha256").update(text).digest();
  const degrees = Math.round((hue * 360) / 256);
  const other = (degrees + 30 + (turn % 90)) % 360;
  return {
    first: `hsl(${degrees}, 65%, 55%)`,
    second: `hsl(${other}, 60%, 40%)`,
    accent: `hsl(${degrees}, 60%, 32%)`,
  };
}

const note = "drawn offline by callsql: no image model";
const lettersMax = 400;
/** Pixels; smaller letters cannot be read. */
const letterMin = 7;
/** Of DejaVu Sans, as a share of the size: its average is 0.58. */
const letterWidth = 0.62;
const lineHeight = 1.25;
