/** POST /images/generations and /images/edits by drawing: see card.ts. */
import type { JsonObject } from "../../../catalog/json.ts";
import { type ImageSize, imageSize, pngHasAlpha, sniff } from "../../../catalog/media.ts";
import { type ApiError, invalidRequest, notAvailableOffline } from "../api-error.ts";
import type { Backends } from "../backends.ts";
import { readChoice, readNumber, readRequiredString, readString, readUpload } from "../json-body.ts";
import { countTokens } from "../tokens.ts";

export const imageModel = "offline-card";

interface CommonTask {
  readonly prompt: string;
  readonly width: number;
  readonly height: number;
  readonly format: "png" | "svg";
}

export type DrawingTask =
  | (CommonTask & { readonly kind: "card"; readonly isTransparent: boolean; readonly index: number })
  | (CommonTask & {
      readonly kind: "edit";
      readonly image: Uint8Array;
      readonly mask: Uint8Array | undefined;
    });

interface Options {
  readonly signal: AbortSignal;
}

export async function createImage(
  body: JsonObject,
  { painter }: Pick<Backends, "painter">,
  { signal }: Options,
): Promise<JsonObject> {
  const output = readOutput(body);
  const { width, height } = readSize(body) ?? sizeDefault;
  const isTransparent = output.background === "transparent";
  const images = await Promise.all(
    Array.from({ length: output.count }, (_, index) => {
      const { prompt, format } = output;
      return painter.run({ kind: "card", prompt, width, height, format, isTransparent, index }, signal);
    }),
  );
  return answer(images, output, { width, height, imageTokens: 0 });
}

export async function createEdit(
  body: JsonObject,
  { painter }: Pick<Backends, "painter">,
  { signal }: Options,
): Promise<JsonObject> {
  const output = readOutput(body);
  const files = [body["image"]].flat();
  if (files.length > 1) throw notAvailableOffline("One image at a time can be edited offline.", "image");
  const { image, size } = readImage(body);
  const mask = readMask(body, size);
  const { width, height } = readSize(body) ?? size;
  const { prompt, format } = output;
  const edited = await painter.run({ kind: "edit", prompt, width, height, format, image, mask }, signal);
  const images = Array.from({ length: output.count }, () => edited);
  return answer(images, output, { width, height, imageTokens: tokensOf(size) });
}

interface Output {
  readonly prompt: string;
  readonly format: "png" | "svg";
  readonly background: string;
  readonly quality: string;
  readonly count: number;
}

function readOutput(body: JsonObject): Output {
  const prompt = readRequiredString(body, "prompt");
  if (prompt.trim() === "") throw invalidRequest("Invalid 'prompt': it cannot be empty.", "prompt");
  const length = Array.from(prompt).length;
  if (length > promptMax) {
    throw invalidRequest(
      `Invalid 'prompt': string too long. Expected a string with maximum length ${promptMax}, but got a string with length ${length} instead.`,
      "prompt",
      "string_above_max_length",
    );
  }
  const format = readChoice(body, "output_format", ["png", "svg", "jpeg", "webp", "gif"]) ?? "png";
  if (format !== "png" && format !== "svg") {
    throw notAvailableOffline(`There is no ${format} encoder offline: ask for png or svg.`, "output_format");
  }
  if (readChoice(body, "response_format", ["b64_json", "url"]) === "url") {
    throw notAvailableOffline("The offline connection hosts no images.", "response_format");
  }
  if (String(readScalar(body, "stream")) === "true") {
    throw notAvailableOffline("The offline connection does not stream.", "stream");
  }
  const count = Number(readScalar(body, "n") ?? 1);
  if (!Number.isInteger(count) || count < 1 || count > countMax) {
    throw invalidRequest(`Invalid 'n': expected an integer from 1 to ${countMax}.`, "n");
  }
  const background = readChoice(body, "background", ["transparent", "opaque", "auto"]) ?? "auto";
  return { prompt, format, background, count, quality: readString(body, "quality") ?? "auto" };
}

/** A form has texts where JSON has numbers and booleans. */
function readScalar(body: JsonObject, field: string): string | number | boolean | undefined {
  const value = body[field];
  if (typeof value === "string" || typeof value === "boolean") return value;
  return readNumber(body, field);
}

/** undefined for auto. */
function readSize(body: JsonObject): ImageSize | undefined {
  const size = readString(body, "size") ?? "auto";
  if (size === "auto") return undefined;
  const [, width, height] = /^(\d{1,4})x(\d{1,4})$/u.exec(size)?.map(Number) ?? [];
  const isWithin = (edge: number): boolean => edge >= edgeMin && edge <= edgeMax;
  if (width !== undefined && height !== undefined && isWithin(width) && isWithin(height)) {
    return { width, height };
  }
  throw invalidRequest(
    `Invalid value: '${size}'. Supported values are: 'auto', and WIDTHxHEIGHT from ${edgeMin} to ${edgeMax} pixels.`,
    "size",
    "invalid_value",
  );
}

function readImage(body: JsonObject): { image: Uint8Array; size: ImageSize } {
  const { bytes } = readUpload(body, "image");
  const format = sniff(bytes)?.format;
  if (format === "webp") {
    throw notAvailableOffline("There is no webp decoder offline: convert the image to png.", "image");
  }
  const size = imageSize(bytes);
  if ((format !== "png" && format !== "jpeg") || size === undefined) throw brokenImage("image");
  if (size.width < 1 || size.height < 1) throw brokenImage("image");
  if (size.width > edgeMax || size.height > edgeMax) {
    throw notAvailableOffline(`Images offline may have edges of ${edgeMax} pixels at most.`, "image");
  }
  return { image: bytes, size };
}

function readMask(body: JsonObject, { width, height }: ImageSize): Uint8Array | undefined {
  if ((body["mask"] ?? null) === null) return undefined;
  const { bytes } = readUpload(body, "mask");
  if (sniff(bytes)?.format !== "png") throw brokenImage("mask");
  const size = imageSize(bytes);
  if (size?.width !== width || size.height !== height) {
    throw invalidRequest(
      "Invalid mask image format - mask size does not match image size",
      "mask",
      "invalid_value",
    );
  }
  if (pngHasAlpha(bytes)) return bytes;
  throw invalidRequest(
    "Invalid mask image format - mask image missing alpha channel",
    "mask",
    "invalid_value",
  );
}

export function brokenImage(param: string): ApiError {
  return invalidRequest(
    "Invalid image file or mode for image. Please check your image file.",
    param,
    "invalid_image_file",
  );
}

function answer(
  images: readonly Uint8Array[],
  { prompt, format, background, quality }: Output,
  { width, height, imageTokens }: ImageSize & { readonly imageTokens: number },
): JsonObject {
  const textTokens = countTokens(prompt);
  const inputTokens = textTokens + imageTokens;
  const outputTokens = images.length * tokensOf({ width, height });
  return {
    created: 0,
    background: background === "transparent" ? "transparent" : "opaque",
    data: images.map((image) => ({ b64_json: Buffer.from(image).toString("base64") })),
    output_format: format,
    quality: quality === "auto" ? "low" : quality,
    size: `${width}x${height}`,
    usage: {
      input_tokens: inputTokens,
      input_tokens_details: { text_tokens: textTokens, image_tokens: imageTokens },
      output_tokens: outputTokens,
      output_tokens_details: { text_tokens: 0, image_tokens: outputTokens },
      total_tokens: inputTokens + outputTokens,
    },
  };
}

/** One for each square of 32 pixels. */
function tokensOf({ width, height }: ImageSize): number {
  return Math.ceil(width / 32) * Math.ceil(height / 32);
}

const sizeDefault: ImageSize = { width: 1024, height: 1024 };
const edgeMin = 16;
const edgeMax = 4096;
const promptMax = 32_000;
const countMax = 10;
