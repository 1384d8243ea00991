/** Images on a terminal: PNG to pixels, pixels to cells, and who is given what. */
import { crc32, deflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { blocksOf } from "../../../src/cli/repl/picture/blocks.ts";
import { drawnImage, graphicsOf } from "../../../src/cli/repl/picture/draw.ts";
import { decodePng, shrunk } from "../../../src/cli/repl/picture/png.ts";
import { sixelOf } from "../../../src/cli/repl/picture/sixel.ts";
import { imageBytes } from "../../support/tiny-media.ts";

const png = imageBytes("png", { width: 3, height: 2, seed: "x" });
const screen = { columns: 80, rows: 24 };

describe("who is given what", () => {
  test("the terminal says what it can; tmux passes only cells on; CALLSQL_IMAGES decides", () => {
    expect(graphicsOf({ KITTY_WINDOW_ID: "1", TERM: "xterm-kitty" })).toBe("kitty");
    expect(graphicsOf({ TERM_PROGRAM: "iTerm.app" })).toBe("iterm2");
    expect(graphicsOf({ TERM: "foot" })).toBe("sixel");
    expect(graphicsOf({ KITTY_WINDOW_ID: "1", TMUX: "x", TERM: "tmux-256color" })).toBe("blocks-256");
    expect(graphicsOf({ TERM: "xterm-256color", COLORTERM: "truecolor" })).toBe("blocks");
    expect(graphicsOf({ TERM: "xterm-256color", NO_COLOR: "1" })).toBeUndefined();
    expect(graphicsOf({ TERM: "vt100" })).toBeUndefined();
    expect(graphicsOf({ KITTY_WINDOW_ID: "1", CALLSQL_IMAGES: "none" })).toBeUndefined();
    expect(graphicsOf({ TERM: "xterm", CALLSQL_IMAGES: "sixel" })).toBe("sixel");
  });

  test("kitty gets PNG in pieces, iTerm2 any kind", () => {
    const large = new Uint8Array(10_000);
    large.set(png);
    const text = drawnImage(large, "kitty", screen) ?? "";
    expect(text.split("\u001b_G")).toHaveLength(1 + 4);
    expect(text.startsWith("\u001b_Ga=T,f=100,q=2,c=1,m=1;")).toBe(true);
    expect(drawnImage(imageBytes("jpeg", { seed: "x" }), "kitty", screen)).toBeUndefined();
    expect(drawnImage(png, "iterm2", screen)).toContain(`:${png.toString("base64")}\u0007`);
    expect(drawnImage(Buffer.from("text"), "iterm2", screen)).toBeUndefined();
  });

  test("cells and sixels get what fits the screen, and nothing of what cannot be decoded", () => {
    const wide = pngOf(
      { width: 300, height: 100, colourType: 2, depth: 8, filter: 0 },
      Buffer.alloc(90_000, 200),
    );
    const lines = (drawnImage(wide, "blocks-256", { columns: 40, rows: 24 }) ?? "").trimEnd().split("\n");
    expect(lines).toHaveLength(7);
    expect(lines[0]?.split("▀")).toHaveLength(41);
    expect(drawnImage(wide, "sixel", screen)).toContain('\u001bP0;1q"1;1;300;100#');
    expect(drawnImage(imageBytes("jpeg", { seed: "x" }), "blocks", screen)).toBeUndefined();
    expect(drawnImage(png.subarray(0, 40), "blocks", screen)).toBeUndefined();
  });
});

interface Kind {
  readonly width: number;
  readonly height: number;
  readonly colourType: number;
  readonly depth: number;
  readonly filter: number;
}

const channels: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** A PNG of raw lines, each filtered the same way. */
function pngOf(
  { width, height, colourType, depth, filter }: Kind,
  raw: Uint8Array,
  ...more: Buffer[]
): Buffer {
  const stride = Math.ceil((width * (channels[colourType] ?? 0) * depth) / 8);
  const step = Math.max(1, ((channels[colourType] ?? 0) * depth) >> 3);
  const at = (row: number, index: number): number =>
    row < 0 || index < 0 ? 0 : (raw[row * stride + index] ?? 0);
  const lines = Array.from({ length: height }, (_, row) => {
    const line = Array.from({ length: stride }, (__, index) => {
      const [left, above, corner] = [at(row, index - step), at(row - 1, index), at(row - 1, index - step)];
      return (
        at(row, index) - ([0, left, above, (left + above) >> 1, paeth(left, above, corner)][filter] ?? 0)
      );
    });
    return Buffer.from([filter, ...line]);
  });
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colourType, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from("89504e470d0a1a0a", "hex"),
    chunk("IHDR", header),
    ...more,
    chunk("IDAT", deflateSync(Buffer.concat(lines))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function paeth(a: number, b: number, c: number): number {
  const p = a + b - c;
  const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

function chunk(type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const body = Buffer.concat([Buffer.from(type), data]);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

const red = [255, 0, 0, 255];
const pixels = (image: Buffer): number[] => [...(decodePng(image)?.rgba ?? [])];

describe("PNG to pixels", () => {
  test("every filter is taken back, at every width of a pixel", () => {
    fc.assert(
      fc.property(
        fc.constantFrom([2, 8], [6, 8], [6, 16], [2, 16]),
        fc.integer({ min: 0, max: 4 }),
        fc.uint8Array({ minLength: 48, maxLength: 48 }),
        ([colourType = 2, depth = 8], filter, raw) => {
          const bytes = ((channels[colourType] ?? 0) * depth) / 8;
          const image = pngOf({ width: 2, height: 48 / (2 * bytes), colourType, depth, filter }, raw);
          const samples = depth === 8 ? raw : raw.filter((_, index) => index % 2 === 0);
          const expected =
            colourType === 6 ? [...samples] : [...samples].flatMap((v, i) => (i % 3 === 2 ? [v, 255] : [v]));
          expect(pixels(image)).toEqual(expected);
        },
      ),
    );
  });

  test("greys, palettes and depths below a byte", () => {
    const grey = { width: 3, height: 1, colourType: 0, depth: 2, filter: 0 };
    expect(pixels(pngOf(grey, Buffer.from([0b00_01_11_00])))).toEqual([
      0, 0, 0, 255, 85, 85, 85, 255, 255, 255, 255, 255,
    ]);
    const greyAlpha = { width: 1, height: 1, colourType: 4, depth: 8, filter: 0 };
    expect(pixels(pngOf(greyAlpha, Buffer.from([7, 9])))).toEqual([7, 7, 7, 9]);
    const palette = chunk("PLTE", Buffer.from([0, 0, 0, 255, 0, 0]));
    const transparency = chunk("tRNS", Buffer.from([0]));
    const indexed = { width: 2, height: 1, colourType: 3, depth: 1, filter: 0 };
    expect(pixels(pngOf(indexed, Buffer.from([0b01_000000]), palette, transparency))).toEqual([
      0,
      0,
      0,
      0,
      ...red,
    ]);
  });

  test("what is broken, interlaced or too large is left alone", () => {
    const kind = { width: 1, height: 1, colourType: 2, depth: 8, filter: 0 };
    const image = pngOf(kind, Buffer.from([1, 2, 3]));
    const interlaced = Buffer.from(image);
    interlaced[28] = 1;
    const huge = Buffer.from(image);
    huge.writeUInt32BE(100_000, 16);
    huge.writeUInt32BE(100_000, 20);
    const taller = Buffer.from(image);
    taller.writeUInt32BE(2, 20);
    for (const bytes of [interlaced, huge, taller, image.subarray(0, 50), Buffer.from("no")])
      expect(decodePng(bytes)).toBeUndefined();
  });
});

describe("pixels to cells", () => {
  const twoByTwo = {
    width: 2,
    height: 2,
    rgba: new Uint8Array([...red, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0]),
  };

  test("a cell is two pixels; what is transparent is the terminal's own", () => {
    expect(blocksOf(twoByTwo, "true")).toBe("\u001b[38;2;255;0;0;48;2;0;0;255m▀\u001b[0m \u001b[0m\n");
    const odd = { width: 1, height: 3, rgba: new Uint8Array([...red, ...red, ...red]) };
    expect(blocksOf(odd, "256").split("\n")[1]).toBe("\u001b[0;38;5;196m▀\u001b[0m");
  });

  test("sixels: a band of six rows, runs counted, each colour over the last", () => {
    const line = {
      width: 5,
      height: 1,
      rgba: new Uint8Array([...red, ...red, ...red, ...red, 0, 0, 255, 255]),
    };
    expect(sixelOf(line)).toBe('\u001bP0;1q"1;1;5;1#180;2;100;0;0#5;2;0;0;100#180!4@?$#5!4?@\u001b\\\n');
  });

  test("an image is made smaller by means, and never larger", () => {
    const image = {
      width: 4,
      height: 2,
      rgba: new Uint8Array([0, 100, 0, 100, 50, 50, 50, 50].flatMap((v) => [v, v, v, 255])),
    };
    expect([...shrunk(image, { width: 2, height: 9 }).rgba]).toEqual([50, 50, 50, 255, 50, 50, 50, 255]);
    expect(shrunk(image, { width: 80, height: 80 })).toMatchObject({ width: 4, height: 2 });
  });
});
