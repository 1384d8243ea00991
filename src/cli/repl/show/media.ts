/** The BLOBs of the last result: kept for `.save`, and images drawn where the terminal can. */
import { imageSize, sniff } from "../../../index.ts";
import type { Column, Row } from "../../format/column.ts";
import { mediaOf, type MediaValue } from "../../format/media-file.ts";
import type { Terminal } from "../../terminal.ts";

const keptBytesMax = 512 * 1024 * 1024;

/** Gathers the BLOBs of rows that pass. */
export class MediaKeeper {
  readonly values: MediaValue[] = [];
  /** BLOBs that were too much to keep. */
  dropped = 0;
  #bytes = 0;
  #row = 0;

  add(row: Row, columns: readonly Column[]): void {
    for (const value of mediaOf(row, columns, ++this.#row)) {
      this.#bytes += value.bytes.byteLength;
      if (this.#bytes > keptBytesMax) this.dropped++;
      else this.values.push(value);
    }
  }
}

export type Graphics = "kitty" | "iterm2";

/** What the terminal says of itself; tmux and screen pass neither on. */
export function graphicsOf(env: Terminal["env"]): Graphics | undefined {
  if (env["TMUX"] || env["STY"]) return undefined;
  const program = env["TERM_PROGRAM"] ?? "";
  if (env["KITTY_WINDOW_ID"] || env["TERM"] === "xterm-kitty" || program === "ghostty") return "kitty";
  if (["iTerm.app", "WezTerm", "vscode"].includes(program)) return "iterm2";
  return undefined;
}

/** The escape sequence that draws an image, at most `columns` wide; undefined for what the terminal cannot take. */
export function drawnImage(bytes: Uint8Array, graphics: Graphics, columns: number): string | undefined {
  const media = sniff(bytes);
  if (media?.kind !== "image") return undefined;
  const encoded = Buffer.from(bytes).toString("base64");
  // Neither larger than it is (a cell is about ten pixels wide) nor than is good to look at.
  const width = Math.min(columns, 60, Math.ceil((imageSize(bytes)?.width ?? Infinity) / 10));
  if (graphics === "iterm2") {
    return `\u001b]1337;File=inline=1;size=${bytes.byteLength};width=${width}:${encoded}\u0007\n`;
  }
  // kitty decodes PNG alone.
  return media.format === "png" ? kittyImage(encoded, width) : undefined;
}

function kittyImage(encoded: string, columns: number): string {
  const size = 4096;
  const parts: string[] = [];
  for (let at = 0; at < encoded.length; at += size) {
    const more = at + size < encoded.length ? 1 : 0;
    const control = at === 0 ? `a=T,f=100,q=2,c=${columns},m=${more}` : `m=${more}`;
    parts.push(`\u001b_G${control};${encoded.slice(at, at + size)}\u001b\\`);
  }
  return `${parts.join("")}\n`;
}
