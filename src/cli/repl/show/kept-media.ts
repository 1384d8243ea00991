/** The BLOBs of the last result, kept for `.save`. */
import type { Column, Row } from "../../format/column.ts";
import { mediaOf, type MediaValue } from "../../format/media-file.ts";

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
