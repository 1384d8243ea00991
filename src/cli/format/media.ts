/** What a BLOB is called where its bytes cannot be shown: `<image/png 1024x1024, 1.2 MB>`, or `<blob, 2048 bytes>`. */
import { imageSize, sniff } from "../../index.ts";

export function describeBytes(value: Uint8Array): string {
  const media = sniff(value);
  if (media === undefined) return `<blob, ${value.byteLength} bytes>`;
  const size = imageSize(value);
  const pixels = size === undefined ? "" : ` ${size.width}x${size.height}`;
  return `<${media.mimeType}${pixels}, ${describeSize(value.byteLength)}>`;
}

function describeSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(1)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
