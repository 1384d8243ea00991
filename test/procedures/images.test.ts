/** GenerateImage and EditImage: fields, files, rules between parameters, and the image that comes back. */
import { describe, expect, test } from "vitest";
import { imageBytes } from "../support/tiny-media.ts";
import { image, picture } from "./support/answers.ts";
import {
  answer,
  bodyOf,
  errorOf,
  find,
  mask,
  png,
  prepare,
  warningsOf,
  type Values,
  schemaProblem,
} from "./support/calls.ts";

const output = {
  Background: "opaque",
  OutputFormat: "webp",
  OutputCompression: "80",
  Moderation: "low",
  Quality: "high",
};
const outputFields = {
  background: "opaque",
  output_format: "webp",
  output_compression: 80,
  moderation: "low",
  quality: "high",
};

describe("GenerateImage", () => {
  test("sends every argument under the API's name", () => {
    const body = bodyOf("GenerateImage", { Instructions: "a cat", Size: "1024x1024", ...output });
    expect(body).toEqual({
      prompt: "a cat",
      model: "gpt-image-2.6-flare",
      size: "1024x1024",
      ...outputFields,
    });
    const values = { Instructions: "a cat", Size: "1600x1200", ...output };
    expect(schemaProblem("GenerateImage", values)).toBeUndefined();
  });

  test("asks dall-e for bytes, since it would send an address", () => {
    const body = bodyOf("GenerateImage", { Instructions: "a cat", Model: "dall-e-2", Size: "256x256" });
    expect(body).toEqual({
      prompt: "a cat",
      model: "dall-e-2",
      size: "256x256",
      response_format: "b64_json",
    });
  });

  test.each<[string, Values]>([
    ["call/transparency-format", { Background: "transparent", OutputFormat: "jpeg" }],
    ["call/compression-format", { OutputCompression: 50 }],
    ["call/out-of-range", { OutputCompression: 101, OutputFormat: "jpeg" }],
    ["call/not-allowed", { Background: "green" }],
    ["call/not-allowed", { Model: "gpt-image-1.5", Size: "2048x2048" }],
    ["call/not-allowed", { Model: "dall-e-3", Size: "512x512" }],
    ["call/unsupported-parameter", { Model: "dall-e-2", Background: "opaque" }],
    ["call/image-size", { Size: "big" }],
    ["call/image-size", { Size: "1000x1000" }],
    ["call/image-size", { Size: "4096x1024" }],
    ["call/image-size", { Size: "3840x3840" }],
    ["call/image-size", { Size: "160x1600" }],
    ["call/too-long", { Instructions: "x".repeat(32_001) }],
  ])("refuses with %s: %j", (code, values) => {
    expect(errorOf("GenerateImage", { Instructions: "a cat", ...values })).toBe(code);
  });

  test.each(["auto", "1024x1024", "3840x2160", "1600x544"])("takes the size %s", (Size) => {
    expect(errorOf("GenerateImage", { Instructions: "a cat", Size })).toBeUndefined();
  });

  test("gives the bytes, their type, usage and cost", () => {
    const { row, result } = answer("GenerateImage", image);
    expect(Buffer.from(row["Image"] as Uint8Array).equals(picture)).toBe(true);
    expect(row).toMatchObject({
      Image_MimeType: "image/png",
      Size_Used: "1024x1024",
      Usage_OutputImageTokens: 1000,
    });
    // 50 text at $5, 10 image at $8, 1000 out at $30, each per million.
    expect(result.costUsd).toBeCloseTo((250 + 80 + 30_000) / 1e6, 12);
  });

  test("takes a 200 without an image for an error", () => {
    const { row } = answer("GenerateImage", { ...image, data: [] });
    expect(row).toMatchObject({ Image: null, Error_Code: "call/empty-answer", Status: "failed" });
  });

  test("is EditImage when Image is bound", () => {
    expect(find("GenerateImage").overloads).toEqual([{ when: "Image", use: "EditImage" }]);
    expect(find("GenerateImage").findParameter("Image")).toBeUndefined();
  });
});

describe("EditImage", () => {
  test("uploads image and mask and sends the rest as fields", () => {
    const values = { Instructions: "a hat", Image: png, Mask: mask, OutputSize: "1024x1024", ...output };
    expect(bodyOf("EditImage", values)).toEqual({
      prompt: "a hat",
      model: "gpt-image-2.6-flare",
      size: "1024x1024",
      ...outputFields,
      image: { kind: "upload", bytes: png, filename: "image.png", mimeType: "image/png" },
      mask: { kind: "upload", bytes: mask, filename: "mask.png", mimeType: "image/png" },
    });
  });

  test("sends a full call that the API's schema accepts", () => {
    const values = { Instructions: "a hat", Image: png, Mask: mask, OutputSize: "1024x1024", ...output };
    expect(schemaProblem("EditImage", values)).toBeUndefined();
    const other = { Instructions: "a hat", Image: png, Model: "gpt-image-1.5", InputFidelity: "high" };
    expect(schemaProblem("EditImage", other)).toBeUndefined();
  });

  test("has Size as another name of OutputSize", () => {
    expect(find("EditImage").findParameter("size")?.name).toBe("OutputSize");
  });

  test("infers the format from the bytes and echoes it", () => {
    const prepared = prepare("EditImage", { Instructions: "a hat", Image: imageBytes("jpeg") });
    expect(prepared.arguments["InputFormat"]).toBe("jpeg");
    expect(
      errorOf("EditImage", { Instructions: "x", Image: imageBytes("jpeg"), InputFormat: "JPG" }),
    ).toBeUndefined();
  });

  test("echoes the source image beside the created one", () => {
    const { row } = answer("EditImage", image);
    expect(row["Image"]).toBe(png);
    expect(Buffer.from(row["Image_Created"] as Uint8Array).equals(picture)).toBe(true);
  });

  test.each<[string, Values]>([
    ["call/format-mismatch", { InputFormat: "webp" }],
    ["call/unknown-format", { Image: imageBytes("gif") }],
    ["call/unknown-format", { Image: Buffer.from("plain text") }],
    ["call/mask-not-png", { Mask: imageBytes("jpeg") }],
    ["call/mask-not-png", { Mask: Buffer.from("plain text") }],
    ["call/mask-without-alpha", { Mask: png }],
    ["call/mask-size", { Mask: imageBytes("png", { width: 8, height: 8, alpha: true }) }],
    ["call/unsupported-parameter", { InputFidelity: "high" }],
    ["call/not-allowed", { Model: "gpt-image-1-mini", InputFidelity: "high" }],
    ["call/wrong-model", { Model: "dall-e-3" }],
    ["call/not-allowed", { Model: "gpt-image-1.5", OutputSize: "2048x2048" }],
    ["call/too-many-bytes", { Image: Buffer.concat([png, Buffer.alloc(50 * 1024 * 1024)]) }],
  ])("refuses with %s", (code, values) => {
    expect(errorOf("EditImage", { Instructions: "a hat", Image: png, ...values })).toBe(code);
  });

  test("warns of a mask past the documented limit", () => {
    const large = Buffer.concat([mask, Buffer.alloc(4 * 1024 * 1024)]);
    expect(warningsOf("EditImage", { Instructions: "a hat", Image: png, Mask: large })).toEqual([
      "call/mask-large",
    ]);
  });
});
