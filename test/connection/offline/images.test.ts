import { describe, expect, it } from "vitest";

import { imageSize } from "../../../src/catalog/media.ts";
import { readPixels } from "../../../src/connection/offline/drawing/pixels.ts";
import { createPackages } from "../../../src/connection/offline/packages.ts";
import { imageBytes } from "../../support/tiny-media.ts";
import { client, failureOf } from "./client.ts";
import { dataUrl, draw, drawInvoice } from "./pictures.ts";

const model = "offline-card";
const packages = createPackages("/nowhere", "images");

type Images = Awaited<ReturnType<typeof generate>>;

async function generate(prompt: string, rest: object = {}) {
  return client.images.generate({ model, prompt, stream: false, ...rest });
}

async function edit(
  image: Uint8Array,
  { mask, ...rest }: { mask?: Uint8Array } & Record<string, unknown> = {},
) {
  const file = (bytes: Uint8Array): File =>
    new File([new Uint8Array(bytes)], "image.png", { type: "image/png" });
  const masked = mask === undefined ? {} : { mask: file(mask) };
  return client.images.edit({
    model,
    prompt: "A red lamp",
    image: file(image),
    stream: false,
    ...masked,
    ...rest,
  });
}

function bytesOf(images: Images): Buffer {
  return Buffer.from(images.data?.[0]?.b64_json ?? "", "base64");
}

function pixelsOf(image: Uint8Array, width: number, height: number): Uint8Array {
  return readPixels(image, { width, height }, packages) ?? new Uint8Array();
}

/** Red, green, blue, opacity. */
function pixelAt(pixels: Uint8Array, width: number, x: number, y: number): readonly number[] {
  return Array.from(pixels.subarray(4 * (y * width + x), 4 * (y * width + x) + 4));
}

describe("generated images", () => {
  it.each([
    ["auto", 1024, 1024],
    ["1536x1024", 1536, 1024],
    ["64x48", 64, 48],
    ["16x16", 16, 16],
  ])("of size %s decode as %i by %i", async (size, width, height) => {
    const images = await generate("A green lamp", { size });
    const png = bytesOf(images);
    expect(imageSize(png)).toEqual({ width, height });
    expect(images.size).toBe(`${width}x${height}`);
    const pixels = pixelsOf(png, width, height);
    expect(pixels.length).toBe(4 * width * height);
    expect(pixelAt(pixels, width, 0, 0)[3]).toBe(255);
  });

  it("the same prompt gives the same bytes, another one others, and several for one prompt differ", async () => {
    const [first, second, other] = await Promise.all([
      generate("A lamp"),
      generate("A lamp"),
      generate("A chair"),
    ]);
    expect(bytesOf(first).equals(bytesOf(second))).toBe(true);
    expect(bytesOf(first).equals(bytesOf(other))).toBe(false);
    const { data = [] } = await generate("A lamp", { n: 3, size: "256x256" });
    expect(new Set(data.map((image) => image.b64_json)).size).toBe(3);
  });

  it("say in the picture what they are, and hold the prompt", async () => {
    const svg = bytesOf(await generate("Lamps & <chairs> for all", { output_format: "svg" })).toString();
    expect(svg).toContain("drawn offline by callsql: no image model");
    expect(svg.replaceAll(/<[^>]+>/gu, " ")).toMatch(/Lamps\s+.*&amp;\s+.*&lt;chairs&gt;/u);
    const answer = await client.responses.create({
      model: "offline-extractive",
      input: [
        {
          role: "user",
          content: [
            { type: "input_text", text: "Describe this image." },
            {
              type: "input_image",
              image_url: dataUrl(bytesOf(await generate("Two green lamps"))),
              detail: "auto",
            },
          ],
        },
      ],
    });
    expect(answer.output_text).toMatch(/Two\s+green\s+lamps/u);
  });

  it("a transparent background is transparent", async () => {
    const png = bytesOf(await generate("A lamp", { background: "transparent", size: "200x200" }));
    const pixels = pixelsOf(png, 200, 200);
    expect(pixelAt(pixels, 200, 0, 0)[3]).toBe(0);
    expect(pixelAt(pixels, 200, 100, 30)[3]).toBeGreaterThan(200);
  });

  it("usage counts the prompt and the picture", async () => {
    expect((await generate("A green lamp")).usage).toMatchObject({
      input_tokens: 3,
      output_tokens: 1024,
      total_tokens: 1027,
    });
  });

  it.each(["x".repeat(32_000), "请画一盏灯", "👍".repeat(50), "\u0000\u202e\n\t a", "word ".repeat(6000)])(
    "any prompt is drawn: %#",
    async (prompt) => {
      expect(imageSize(bytesOf(await generate(prompt, { size: "128x128" })))).toEqual({
        width: 128,
        height: 128,
      });
    },
  );

  it.each([
    ["an empty prompt", { prompt: " " }, null],
    ["a prompt of a megabyte", { prompt: "lamp ".repeat(200_000) }, "string_above_max_length"],
    ["a size that is none", { size: "large" }, "invalid_value"],
    ["a size out of range", { size: "5000x5000" }, "invalid_value"],
    ["an unknown format", { output_format: "tiff" }, "invalid_value"],
    ["jpeg", { output_format: "jpeg" }, "not_available_offline"],
    ["an address for an answer", { response_format: "url" }, "not_available_offline"],
    ["eleven at once", { n: 11 }, null],
    ["an unknown background", { background: "pink" }, "invalid_value"],
  ] as const)("%s is refused", async (_, params, code) => {
    expect(await failureOf(generate("A lamp", params))).toMatchObject({ status: 400, code });
  });

  it("another model is not found", async () => {
    expect(await failureOf(generate("A lamp", { model: "gpt-image-1" }))).toMatchObject({ status: 404 });
  });
});

/** Transparent in a circle around x, y. */
function drawMask(x: number, y: number, radius: number): Buffer {
  const hole = `<mask id="k"><rect width="900" height="600" fill="#fff"/><circle cx="${x}" cy="${y}" r="${radius}" fill="#000"/></mask>`;
  return draw(900, 600, `${hole}<rect width="900" height="600" fill="#000" mask="url(#k)"/>`);
}

describe("edited images", () => {
  it("change where the mask is transparent, and nowhere else", async () => {
    const before = pixelsOf(drawInvoice(), 900, 600);
    const edited = await edit(drawInvoice(), { mask: drawMask(650, 350, 150) });
    expect(imageSize(bytesOf(edited))).toEqual({ width: 900, height: 600 });
    const after = pixelsOf(bytesOf(edited), 900, 600);
    let changedInside = 0;
    let changedOutside = 0;
    for (let index = 0; index < 900 * 600; index += 1) {
      const isChanged = [0, 1, 2].some(
        (channel) => before[4 * index + channel] !== after[4 * index + channel],
      );
      const distance = Math.hypot((index % 900) - 650, Math.floor(index / 900) - 350);
      if (isChanged && distance < 148) changedInside += 1;
      if (isChanged && distance > 152) changedOutside += 1;
    }
    expect(changedOutside).toBe(0);
    expect(changedInside).toBeGreaterThan(0.9 * Math.PI * 148 * 148);
  });

  it("without a mask are written on below, and stay as they are above", async () => {
    const before = pixelsOf(drawInvoice(), 900, 600);
    const edited = bytesOf(await edit(drawInvoice()));
    const after = pixelsOf(edited, 900, 600);
    expect(Buffer.compare(after.subarray(0, 4 * 900 * 380), before.subarray(0, 4 * 900 * 380))).toBe(0);
    expect(Buffer.compare(after, before)).not.toBe(0);
    expect(bytesOf(await edit(drawInvoice())).equals(edited)).toBe(true);
  });

  it("take another size when asked to", async () => {
    const edited = await edit(drawInvoice(), { size: "512x512" });
    expect(imageSize(bytesOf(edited))).toEqual({ width: 512, height: 512 });
    expect(edited.usage?.input_tokens_details.image_tokens).toBe(29 * 19);
  });

  it.each([
    ["no image", Buffer.from("hello"), {}, "invalid_image_file"],
    ["an empty file", Buffer.alloc(0), {}, "invalid_image_file"],
    ["an image that is cut", drawInvoice().subarray(0, 600), {}, "invalid_image_file"],
    ["webp", imageBytes("webp"), {}, "not_available_offline"],
    ["a mask of another size", drawInvoice(), { mask: draw(90, 60, "") }, "invalid_value"],
    ["a mask that is no PNG", drawInvoice(), { mask: imageBytes("jpeg") }, "invalid_image_file"],
    ["an empty prompt", drawInvoice(), { prompt: "" }, null],
  ] as const)("%s is refused", async (_, image, rest, code) => {
    expect(await failureOf(edit(image, rest))).toMatchObject({ status: 400, code });
  });

  it("several images at once are refused", async () => {
    const file = new File([new Uint8Array(drawInvoice())], "a.png");
    const request = client.images.edit({ model, prompt: "Both", image: [file, file] });
    expect(await failureOf(request)).toMatchObject({ code: "not_available_offline" });
  });
});
