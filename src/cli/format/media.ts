/** What a BLOB is called where its bytes cannot be shown: `<image/png, 1.2 MB>`, or `<blob, 2048 bytes>`. */

/** The kinds that the API's images and speech come in, by their first bytes (`at` bytes from the start). */
const signatures: readonly { readonly type: string; readonly at: number; readonly bytes: string }[] = [
  { type: "image/png", at: 0, bytes: "\x89PNG\r\n\x1a\n" },
  { type: "image/jpeg", at: 0, bytes: "\xff\xd8\xff" },
  { type: "image/gif", at: 0, bytes: "GIF8" },
  { type: "image/webp", at: 8, bytes: "WEBP" },
  { type: "audio/wav", at: 8, bytes: "WAVE" },
  { type: "audio/mpeg", at: 0, bytes: "ID3" },
  { type: "audio/mpeg", at: 0, bytes: "\xff\xfb" },
  { type: "audio/mpeg", at: 0, bytes: "\xff\xf3" },
  { type: "audio/flac", at: 0, bytes: "fLaC" },
  { type: "audio/ogg", at: 0, bytes: "OggS" },
];

export function describeBytes(value: Uint8Array): string {
  const start = Buffer.from(value.buffer, value.byteOffset, Math.min(value.byteLength, 16)).toString(
    "latin1",
  );
  const known = signatures.find(({ at, bytes }) => start.startsWith(bytes, at));
  if (known === undefined) return `<blob, ${value.byteLength} bytes>`;
  return `<${known.type}, ${describeSize(value.byteLength)}>`;
}

function describeSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(1)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
