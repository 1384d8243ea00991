import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { mediaOf, saveMedia } from "../../../src/cli/format/media-file.ts";
import { describeBytes } from "../../../src/cli/format/media.ts";
import { audioBytes, imageBytes } from "../../support/tiny-media.ts";

const png = imageBytes("png", { width: 3, height: 2, seed: "x" });

test("files saved get the name of column and row, never another's, and are saved once", async () => {
  const folder = mkdtempSync(join(tmpdir(), "callsql-"));
  const value = { column: "../Image Data", row: 3, bytes: png };
  const first = await saveMedia(value, folder);
  const other = await saveMedia({ ...value, bytes: Buffer.concat([png, png]) }, folder);
  expect([first, other]).toEqual([join(folder, "Image_Data-3.png"), join(folder, "Image_Data-3-2.png")]);
  expect(await saveMedia(value, folder)).toBe(first);
  expect(readFileSync(first).equals(png)).toBe(true);
  expect(await saveMedia({ column: "\u65e5\u672c", row: 1, bytes: Buffer.from("x") }, folder)).toBe(
    join(folder, "\u65e5\u672c-1.bin"),
  );
  await expect(saveMedia(value, join(first, "below"))).rejects.toThrow("cli/unwritable-file");
});

test("a folder where the system makes none is an error, and no endless search for one above it", async () => {
  const value = { column: "a", row: 1, bytes: png };
  await expect(saveMedia(value, "/proc/callsql/media")).rejects.toThrow("cli/unwritable-file");
});

test("the BLOBs of a row are media, its vectors and texts are not", () => {
  const column = (name: string, format?: "embedding") => ({ name, type: undefined, format });
  const columns = [column("a"), column("b"), column("c", "embedding"), column("d")];
  expect(mediaOf(["x", png, new Uint8Array(4), null], columns, 7)).toEqual([
    { column: "b", row: 7, bytes: png },
  ]);
});

test("the ending is what the bytes are, and so is the description", async () => {
  const folder = mkdtempSync(join(tmpdir(), "callsql-"));
  const jpeg = imageBytes("jpeg", { seed: "x" });
  expect(await saveMedia({ column: "Image", row: 1, bytes: jpeg }, folder)).toBe(join(folder, "Image-1.jpg"));
  expect(describeBytes(jpeg)).toMatch(/^<image\/jpeg 1x1, .*>$/);
  const wav = audioBytes("wav");
  expect(await saveMedia({ column: "Audio", row: 12, bytes: wav }, folder)).toBe(
    join(folder, "Audio-12.wav"),
  );
  expect(describeBytes(wav)).toMatch(/^<audio\/wav, .*>$/);
  expect(describeBytes(new Uint8Array(2048))).toBe("<blob, 2048 bytes>");
});
