import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  dataUrlLength,
  fromBase64,
  fromDataUrl,
  imageSize,
  isSameFormat,
  pngHasAlpha,
  sniff,
  toDataUrl,
} from "../../src/catalog/media.ts";
import { audioBytes, imageBytes } from "../support/tiny-media.ts";

describe("sniffing", () => {
  test.each(["png", "jpeg", "webp", "gif"] as const)("knows %s", (format) => {
    expect(sniff(imageBytes(format))).toEqual({ kind: "image", format, mimeType: `image/${format}` });
  });

  test.each([
    ["mp3", "mp3"],
    ["flac", "flac"],
    ["wav", "wav"],
    ["opus", "ogg"],
  ] as const)("knows %s as %s", (made, format) => {
    expect(sniff(audioBytes(made))).toMatchObject({ kind: "audio", format });
  });

  test.each([
    ["m4a", "00000020 66747970 4d344120 00000000"],
    ["mp4", "00000018 66747970 69736f6d 00000000"],
    ["webm", "1a45dfa3 93428286"],
    ["mp3", "fff340c4 00000000"],
  ])("knows %s by its header", (format, hex) => {
    expect(sniff(Buffer.from(hex.replaceAll(" ", ""), "hex"))).toMatchObject({ kind: "audio", format });
  });

  test.each(["", "%PDF-1.7", "<svg/>", "RIFF0000AVI ", "plain text"])("does not know %j", (text) => {
    expect(sniff(Buffer.from(text))).toBeUndefined();
  });

  test("does not take raw AAC for mp3", () => {
    expect(sniff(Buffer.from("fff15080002ffc", "hex"))).toBeUndefined();
  });

  test("takes spellings of one format for the same", () => {
    expect(isSameFormat("mp3", "mpga")).toBe(true);
    expect(isSameFormat("mp4", "m4a")).toBe(true);
    expect(isSameFormat("mp3", "wav")).toBe(false);
  });
});

describe("image headers", () => {
  const jpeg = (hex: string): Buffer => Buffer.from(`ffd8${hex.replaceAll(" ", "")}`, "hex");
  const webp = (kind: string, hex: string): Buffer =>
    Buffer.concat([Buffer.from(`RIFF0000WEBP${kind}0000`), Buffer.from(hex.replaceAll(" ", ""), "hex")]);

  test.each([
    ["png", imageBytes("png", { width: 300, height: 70 }), { width: 300, height: 70 }],
    ["jpeg", imageBytes("jpeg"), { width: 1, height: 1 }],
    ["jpeg, with fill bytes", jpeg("ffffe0 0004 0000 ffc0 0011 08 0046 012c 00"), { width: 300, height: 70 }],
    ["jpeg, with something else between", jpeg("ffe0 0004 0000 00ff c000 1108 0046 012c"), undefined],
    ["gif", imageBytes("gif"), { width: 1, height: 1 }],
    ["webp", imageBytes("webp"), { width: 1, height: 1 }],
    ["webp, extended", webp("VP8X", "10000000 2b0100 450000"), { width: 300, height: 70 }],
    ["webp, lossless", webp("VP8L", "2f 2b411100 000000000000"), { width: 300, height: 70 }],
  ])("give the size of %s", (_, bytes, size) => {
    expect(imageSize(bytes)).toEqual(size);
  });

  test("tell a PNG with an alpha channel from one without", () => {
    expect(pngHasAlpha(imageBytes("png", { alpha: true }))).toBe(true);
    expect(pngHasAlpha(imageBytes("png"))).toBe(false);
    expect(pngHasAlpha(imageBytes("jpeg"))).toBe(false);
  });

  test("find transparency that a palette carries in a chunk", () => {
    const opaque = imageBytes("png");
    const header = opaque.subarray(0, 33);
    const chunk = Buffer.concat([Buffer.from([0, 0, 0, 1]), Buffer.from("tRNS"), Buffer.alloc(5)]);
    expect(pngHasAlpha(Buffer.concat([header, chunk, opaque.subarray(33)]))).toBe(true);
  });

  test("never throw, whatever follows a true signature", () => {
    const signatures = ["89504e470d0a1a0a", "ffd8ff", "474946383961", "52494646000000005745425056503858"];
    fc.assert(
      fc.property(fc.constantFrom(...signatures), fc.uint8Array({ maxLength: 60 }), (signature, rest) => {
        const bytes = Buffer.concat([Buffer.from(signature, "hex"), rest]);
        imageSize(bytes);
        pngHasAlpha(bytes);
      }),
    );
  });
});

describe("base64", () => {
  test("comes back as it went, through data URLs too", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), (bytes) => {
        const url = toDataUrl(bytes, "image/png");
        expect(url).toHaveLength(dataUrlLength(bytes.length, "image/png"));
        expect(Buffer.from(fromDataUrl(url) ?? []).equals(bytes)).toBe(true);
        expect(Buffer.from(fromBase64(Buffer.from(bytes).toString("base64url")) ?? []).equals(bytes)).toBe(
          true,
        );
      }),
    );
  });

  test.each(["", "a", "ab=c", "a.b", "abcde", "YQ=", "===="])("refuses %j", (text) => {
    expect(fromBase64(text)).toBeUndefined();
  });
});
