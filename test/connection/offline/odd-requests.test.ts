/** Requests of unusual form to the offline connection: schemas it cannot fill, pictures it cannot draw on, files oddly built. */
import { describe, expect, it } from "vitest";
import { writeWav, readWav } from "../../../src/connection/offline/audio/wav.ts";
import { imageBytes } from "../../support/tiny-media.ts";
import { client, failureOf } from "./client.ts";

describe("a response", () => {
  const model = "offline-extractive";

  it("to a message whose content is a text is that to the text alone", async () => {
    const text = "When does the bus leave? The bus leaves at nine. The train leaves at ten.";
    const alone = await client.responses.create({ model, input: text });
    const listed = await client.responses.create({ model, input: [{ role: "user", content: text }] });
    expect(listed.output_text).toBe(alone.output_text);
    expect(alone.output_text).toContain("nine");
  });

  it("to a question without a word that says something is a sentence of the text all the same", async () => {
    const { output_text: said } = await client.responses.create({
      model,
      input: "Is it so? It is red. We go on.",
    });
    expect(["It is red.", "We go on."]).toContain(said);
  });

  it.each<readonly [string, object, RegExp]>([
    ["labels that are no texts", { enum: ["a", 1] }, /cannot fill \\?"category\\?"/],
    ["no schema", true as unknown as object, /\\?"category\\?" is not a schema/],
  ])("with %s is refused by the field's name", async (_, category, said) => {
    const schema = {
      type: "object",
      properties: { category },
      required: ["category"],
      additionalProperties: false,
    };
    const error = await failureOf(
      client.responses.create({
        model,
        input: "red",
        text: { format: { type: "json_schema", name: "answer", strict: true, schema } },
      }),
    );
    expect(error.message).toMatch(said);
  });
});

describe("an image to edit", () => {
  const model = "offline-card";
  const file = (bytes: Uint8Array): File => new File([new Uint8Array(bytes)], "i.png", { type: "image/png" });
  const edit = (image: Uint8Array, more: object = {}) =>
    client.images.edit({ model, prompt: "A lamp", image: file(image), stream: false, ...more });
  /** Only its header says so. */
  const sized = (width: number, height: number): Buffer => {
    const bytes = imageBytes("png", { width: 8, height: 8 });
    bytes.writeUInt32BE(width, 16);
    bytes.writeUInt32BE(height, 20);
    return bytes;
  };

  it.each<readonly [string, Buffer, RegExp]>([
    ["without an edge", sized(0, 8), /Invalid image file/],
    ["larger than any screen", sized(8, 5000), /edges of 4096 pixels at most/],
    ["wider than any screen", sized(5000, 8), /edges of 4096 pixels at most/],
  ])("%s is refused before it is read", async (_, image, said) => {
    expect((await failureOf(edit(image))).message).toMatch(said);
  });

  it("with a mask that hides nothing is refused", async () => {
    const plain = imageBytes("png", { width: 8, height: 8 });
    const error = await failureOf(edit(plain, { mask: file(plain) }));
    expect(error).toMatchObject({
      param: "mask",
      message: expect.stringContaining("missing alpha channel") as string,
    });
  });

  it("comes back in the quality that was asked for", async () => {
    const image = imageBytes("png", { width: 64, height: 64 });
    expect(await edit(image, { quality: "high" })).toMatchObject({ quality: "high" });
  });
});

describe("WAV", () => {
  const samples = Int16Array.of(1000, -1000, 500);

  it("in its extended form has its coding further behind", () => {
    const plain = writeWav(samples, 16_000);
    const format = Buffer.concat([plain.subarray(20, 36), Buffer.alloc(24)]);
    const codec = format.readUInt16LE(0);
    format.writeUInt16LE(0xfffe, 0);
    format.writeUInt16LE(codec, 24);
    const head = Buffer.from("fmt \0\0\0\0");
    head.writeUInt32LE(format.length, 4);
    const extended = Buffer.concat([plain.subarray(0, 12), head, format, plain.subarray(36)]);
    expect(readWav(extended)).toEqual(readWav(plain));
    expect(readWav(plain)?.samples).toHaveLength(3);
  });

  it("with its sound twice is heard once", () => {
    const plain = writeWav(samples, 16_000);
    expect(readWav(Buffer.concat([plain, plain.subarray(36)]))).toEqual(readWav(plain));
  });
});
