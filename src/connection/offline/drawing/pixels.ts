/** Decodes images with resvg, which draws pictures in SVG: png, jpeg and gif, not webp. */
import type { Resvg } from "@resvg/resvg-js";

import { mimeTypeOf, sniff, toDataUrl } from "../../../catalog/media.ts";
import type { Packages } from "../packages.ts";

/** Red, green, blue and opacity of each pixel, 0 to 255, of the image stretched to this size. undefined when it is
 * broken, in a format resvg does not read, or wholly transparent: resvg draws nothing in each case. */
export function readPixels(
  image: Uint8Array,
  { width, height }: { readonly width: number; readonly height: number },
  packages: Packages,
): Uint8Array | undefined {
  const href = toDataUrl(image, mimeTypeOf(sniff(image)?.format ?? ""));
  const picture = `<image width="${width}" height="${height}" preserveAspectRatio="none" href="${href}"/>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${picture}</svg>`;
  const { pixels } = new (loadResvg(packages))(svg, { font: { loadSystemFonts: false } }).render();
  return pixels.some((value) => value > 0) ? pixels : undefined;
}

export function loadResvg(packages: Packages): typeof Resvg {
  return (packages.load("@resvg/resvg-js") as { Resvg: typeof Resvg }).Resvg;
}
