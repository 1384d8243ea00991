/** Images of a result drawn on the terminal, in the best way it has. What it cannot take is left to `.save`. */
import { imageSize, sniff } from "../../../index.ts";
import type { Terminal } from "../../terminal.ts";
import { blocksOf } from "./blocks.ts";
import { decodePng, shrunk } from "./png.ts";
import { sixelOf } from "./sixel.ts";

const allGraphics = ["kitty", "iterm2", "sixel", "blocks", "blocks-256"] as const;
export type Graphics = (typeof allGraphics)[number];

export interface Screen {
  readonly columns: number;
  readonly rows: number;
}

/** `CALLSQL_IMAGES` (`none` draws nothing), else what the terminal says of itself. tmux and screen pass only cells on. */
export function graphicsOf(env: Terminal["env"]): Graphics | undefined {
  const chosen = env["CALLSQL_IMAGES"]?.toLowerCase();
  if (chosen !== undefined && chosen !== "") return allGraphics.find((name) => name === chosen);
  const own = env["TMUX"] || env["STY"] ? undefined : graphicsOfTerminal(env);
  if (own !== undefined) return own;
  if (env["NO_COLOR"]) return undefined;
  if (/^(?:truecolor|24bit)$/.test(env["COLORTERM"] ?? "")) return "blocks";
  return /256color|kitty|ghostty|direct/.test(env["TERM"] ?? "") ? "blocks-256" : undefined;
}

function graphicsOfTerminal(env: Terminal["env"]): Graphics | undefined {
  const program = env["TERM_PROGRAM"] ?? "";
  const term = env["TERM"] ?? "";
  if (env["KITTY_WINDOW_ID"] || term === "xterm-kitty" || program === "ghostty") return "kitty";
  if (["iTerm.app", "WezTerm", "vscode"].includes(program)) return "iterm2";
  return /^(?:foot|mlterm|yaft)|sixel/.test(term) ? "sixel" : undefined;
}

/** Wider is not better to look at. */
const columnsMax = 60;
const rowsMax = 24;

/** The text that draws an image within the screen; undefined for what the terminal cannot take. */
export function drawnImage(bytes: Uint8Array, graphics: Graphics, screen: Screen): string | undefined {
  if (sniff(bytes)?.kind !== "image") return undefined;
  const columns = Math.min(screen.columns, columnsMax);
  switch (graphics) {
    case "kitty":
      // It decodes PNG alone.
      return sniff(bytes)?.format === "png" ? kittyImage(bytes, cellsOf(bytes, columns)) : undefined;
    case "iterm2":
      return iterm2Image(bytes, cellsOf(bytes, columns));
    case "sixel":
      // A cell has about ten pixels in width and twenty in height.
      return drawnPixels(
        bytes,
        { width: columns * 10, height: Math.min(rowsMax, screen.rows - 4) * 20 },
        sixelOf,
      );
    case "blocks":
    case "blocks-256": {
      const depth = graphics === "blocks" ? "true" : "256";
      // The prompt and the footer want to be seen too; a cell is two pixels high.
      const room = { width: columns, height: 2 * Math.max(1, Math.min(rowsMax, screen.rows - 4)) };
      return drawnPixels(bytes, room, (pixels) => blocksOf(pixels, depth));
    }
  }
}

function drawnPixels(
  bytes: Uint8Array,
  room: { readonly width: number; readonly height: number },
  draw: (pixels: NonNullable<ReturnType<typeof decodePng>>) => string,
): string | undefined {
  const pixels = decodePng(bytes);
  return pixels === undefined ? undefined : draw(shrunk(pixels, room));
}

/** Not wider than it is, a cell being about ten pixels wide. */
function cellsOf(bytes: Uint8Array, columns: number): number {
  return Math.min(columns, Math.ceil((imageSize(bytes)?.width ?? Infinity) / 10));
}

function iterm2Image(bytes: Uint8Array, columns: number): string {
  const encoded = Buffer.from(bytes).toString("base64");
  return `\u001b]1337;File=inline=1;size=${bytes.byteLength};width=${columns}:${encoded}\u0007\n`;
}

function kittyImage(bytes: Uint8Array, columns: number): string {
  const encoded = Buffer.from(bytes).toString("base64");
  const size = 4096;
  const parts: string[] = [];
  for (let at = 0; at < encoded.length; at += size) {
    const more = at + size < encoded.length ? 1 : 0;
    const control = at === 0 ? `a=T,f=100,q=2,c=${columns},m=${more}` : `m=${more}`;
    parts.push(`\u001b_G${control};${encoded.slice(at, at + size)}\u001b\\`);
  }
  return `${parts.join("")}\n`;
}
