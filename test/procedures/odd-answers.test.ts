/** Answers and arguments of unusual form: what a service may leave out, or say in its own way. */
import { describe, expect, test } from "vitest";
import { mimeTypeOf } from "../../src/catalog/media.ts";
import { jsonOfNumber } from "../../src/index.ts";
import { imageBytes } from "../support/tiny-media.ts";
import { answer, errorOf, png, wav } from "./support/calls.ts";

const responseOf = (content: unknown) => ({
  id: "resp_1",
  object: "response",
  status: "completed",
  model: "gpt-6-luna",
  output: [{ type: "message", role: "assistant", status: "completed", content: [content] }],
  usage: { input_tokens: 1, output_tokens: 1 },
});

describe("an image of no known format", () => {
  const body = { created: 1, data: [{ b64_json: Buffer.from("no picture").toString("base64") }] };

  test("is of the type that the service names", () => {
    const { row } = answer("GenerateImage", { ...body, output_format: "webp" });
    expect(row).toMatchObject({ Image_MimeType: "image/webp", OutputFormat_Used: "webp" });
  });

  test("is bytes where it names none, or one that nobody knows", () => {
    expect(answer("GenerateImage", body).row).toMatchObject({ Image_MimeType: "application/octet-stream" });
    expect(mimeTypeOf("xyz")).toBe("application/octet-stream");
  });
});

test("an image to edit needs no format; a mask of none is told as that", () => {
  const webp = imageBytes("webp");
  expect(errorOf("EditImage", { Instructions: "x", Image: webp })).toBeUndefined();
  expect(errorOf("EditImage", { Instructions: "x", Image: webp, InputFormat: "png" })).toBe(
    "call/format-mismatch",
  );
  expect(errorOf("EditImage", { Instructions: "x", Image: png, Mask: new Uint8Array(9) })).toBe(
    "call/mask-not-png",
  );
});

test("categories without a probability come behind those that have one", () => {
  const categories = ["greeting", "complaint", "greeting"].map((category, index) => ({
    category,
    ...(index === 1 ? { confidence: 0.4 } : {}),
  }));
  const text = JSON.stringify({ categories });
  const values = { Text: "hello", Categories: "greeting, complaint", MultiLabel: 1 };
  const { row } = answer("ClassifyText", responseOf({ type: "output_text", text }), values);
  expect(row).toMatchObject({ Category: "complaint", Confidence: 0.4 });
  expect(JSON.parse(String(row["Categories_Json"]))).toHaveLength(3);
});

test("a part of an answer without its text is empty", () => {
  const { row } = answer("GenerateResponse", responseOf({ type: "output_text" }));
  expect(row["Response_Result"]).toBe("");
});

test("Timestamps in JSON need not be a list", () => {
  const values = { Input: wav, Model: "whisper-1", Timestamps: '"minute"' };
  expect(errorOf("CreateTranscription", values)).toBe("call/not-allowed");
});

test("numbers that JSON has not are written as SQLite writes them", () => {
  expect([NaN, Infinity, -Infinity, 1.5].map(jsonOfNumber)).toEqual(["null", "9e999", "-9e999", "1.5"]);
});
