/** What can be said of an image without a model that sees: its format, size and main colours, and the text in it. */
import { fromDataUrl, imageSize, sniff } from "../../../catalog/media.ts";
import { invalidRequest, notAvailableOffline } from "../api-error.ts";
import type { WorkerPool } from "../worker-pool.ts";

export const visionModel = "offline-ocr";

export interface VisionTask {
  readonly image: Uint8Array;
}

export interface Sight {
  /** Most frequent first; empty where the pixels could not be decoded. */
  readonly colours: readonly string[];
  /** Of text, from the top. */
  readonly lines: readonly string[];
}

/** Sentences about the image, then its lines of text. `url` is a data URL. */
export async function describeImage(
  url: string,
  reader: WorkerPool<VisionTask, Sight>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const image = readImage(url);
  const { format, width, height } = measure(image);
  const { colours, lines } = await reader.run({ image }, signal);
  const facts = [
    `The image is a ${format} of ${width} × ${height} pixels.`,
    ...(colours.length === 0 ? [] : [`Its main colours are ${colours.join(", ")}.`]),
    lines.length === 0 ? "No text was found in the image." : "The text in the image is:",
  ];
  return [...facts, ...lines];
}

function readImage(url: string): Uint8Array {
  if (/^https?:/iu.test(url)) {
    throw notAvailableOffline("The offline connection fetches nothing: pass the image itself.", "input");
  }
  const bytes = fromDataUrl(url);
  if (bytes !== undefined) return bytes;
  throw invalidRequest("Invalid 'image_url': expected a base64-encoded data URL.", "input", "invalid_value");
}

function measure(image: Uint8Array): { format: string; width: number; height: number } {
  const media = sniff(image);
  const size = imageSize(image);
  if (media?.kind !== "image" || size === undefined || size.width === 0 || size.height === 0) {
    throw invalidImage();
  }
  if (size.width * size.height > pixelsMax) {
    throw notAvailableOffline(`Images offline may have ${pixelsMax / 1e6} million pixels at most.`, "input");
  }
  return { format: media.format.toUpperCase(), ...size };
}

/** The API's own words. */
export function invalidImage(): Error {
  return invalidRequest(
    "The image data you provided does not represent a valid image. Please check your input and try again.",
    "input",
    "invalid_image",
  );
}

/** Decoded, an image takes four bytes a pixel and more. */
const pixelsMax = 40_000_000;
