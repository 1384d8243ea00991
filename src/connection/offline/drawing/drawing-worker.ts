/** A thread of images.ts: a text, and perhaps an image, in; a picture out. */
import { mimeTypeOf, sniff, toDataUrl } from "../../../catalog/media.ts";
import type { Packages } from "../packages.ts";
import { serveTasks } from "../worker-port.ts";
import { type Box, drawCard, drawEdit, type Size } from "./card.ts";
import { brokenImage, type DrawingTask } from "./images.ts";
import { loadResvg, readPixels } from "./pixels.ts";
import { known } from "../../../diagnostics/known.ts";

serveTasks((task: DrawingTask, packages): Uint8Array => {
  const picture = task.kind === "card" ? drawCard(task) : edit(task, packages);
  return task.format === "svg" ? Buffer.from(picture) : render(picture, packages);
});

function edit(task: Extract<DrawingTask, { kind: "edit" }>, packages: Packages): string {
  const { image, mask, prompt, width, height } = task;
  if (readPixels(image, probe, packages) === undefined) throw brokenImage("image");
  const free = mask === undefined ? undefined : readPixels(mask, probe, packages);
  const box = mask === undefined ? lowerThird(task) : transparentBox(free, task);
  return drawEdit({ prompt, width, height, box, image: urlOf(image), mask: mask && urlOf(mask) });
}

function render(picture: string, packages: Packages): Uint8Array {
  const Renderer = loadResvg(packages);
  const fontFiles = [packages.file("dejavu-fonts-ttf", "ttf/DejaVuSans.ttf")];
  const font = { loadSystemFonts: false, fontFiles, defaultFontFamily: "DejaVu Sans" };
  return new Renderer(picture, { font }).render().asPng();
}

function urlOf(image: Uint8Array): string {
  return toDataUrl(image, mimeTypeOf(sniff(image)?.format ?? ""));
}

function lowerThird({ width, height }: Size): Box {
  return { x: 0, y: (height * 2) / 3, width, height: height / 3 };
}

/** What surrounds the transparent pixels. A mask of which nothing can be seen is transparent everywhere. */
function transparentBox(pixels: Uint8Array | undefined, { width, height }: Size): Box {
  if (pixels === undefined) return { x: 0, y: 0, width, height };
  let [left, top, right, bottom] = [probe.width, probe.height, -1, -1];
  for (let index = 0; index < probe.width * probe.height; index += 1) {
    if (known(pixels[4 * index + 3]) >= 128) continue;
    const [x, y] = [index % probe.width, Math.floor(index / probe.width)];
    [left, top, right, bottom] = [
      Math.min(left, x),
      Math.min(top, y),
      Math.max(right, x),
      Math.max(bottom, y),
    ];
  }
  const [across, down] = [width / probe.width, height / probe.height];
  return {
    x: left * across,
    y: top * down,
    width: Math.max(0, right - left + 1) * across,
    height: Math.max(0, bottom - top + 1) * down,
  };
}

/** Enough to see where a mask is transparent. */
const probe = { width: 128, height: 128 };
