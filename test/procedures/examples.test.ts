/** What every procedure keeps from SQL to the wire: its examples run, its columns come, it stops, it tells no secret. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { DiagnosticError, type SqlValue } from "../../src/index.ts";
import { callMessages } from "../../src/diagnostics/messages/call.ts";
import { procedures } from "../../src/procedures/index.ts";
import { faults } from "../support/openai-server.ts";
import { audioBytes, imageBytes } from "../support/tiny-media.ts";
import { minimalOf } from "./support/calls.ts";
import { apiKey, useService } from "./support/service.ts";

const service = useService({ files: true });
const folder = mkdtempSync(join(tmpdir(), "callsql-examples-"));
const png = imageBytes("png", { width: 64, height: 64 });
const wav = audioBytes("wav");

/** The tables and files that the examples of the documentation speak of. */
const tables = {
  tickets: "id, body, answer, topic",
  comments: "id, body",
  docs: "id, body",
  vectors: "id, vector",
  photos: "id, image",
  products: "id, name",
  calls: "id, audio",
  articles: "id, body, summary",
  topics: "name",
};
const content: Readonly<Record<string, readonly (string | Uint8Array | null)[]>> = {
  tickets: ["the invoice is wrong", null, null],
  comments: ["I will kill this bug, idiot"],
  docs: ["a document"],
  photos: [png],
  products: ["bicycle"],
  calls: [wav],
  articles: ["First. Second. Third.", "In short."],
};
const binds: Readonly<Record<string, SqlValue>> = {
  Message: "hello",
  Instructions: "be brief",
  Model: null,
  Text: "hello",
  Image: png,
  Input: "hello",
  Size: "1024x1024",
  Background: "opaque",
  OutputFormat: "webp",
  OutputCompression: 80,
  Moderation: "auto",
};

beforeAll(async () => {
  for (const [table, columns] of Object.entries(tables)) {
    await service().run(`CREATE TABLE ${table}(${columns})`);
    const values = content[table];
    if (values === undefined) continue;
    for (const id of [1, 2]) {
      const row = Object.fromEntries([id, ...values].map((value, index) => [`v${index}`, value]));
      const names = Object.keys(row).map((name) => `:${name}`);
      await service().run(`INSERT INTO ${table} VALUES (${names.join()})`, row);
    }
  }
  await service().run("INSERT INTO topics VALUES ('billing'), ('bug')");
  for (const [file, bytes] of Object.entries({
    "invoice.png": png,
    "call.mp3": audioBytes("mp3"),
    "interview.m4a": Buffer.from("\0\0\0\x18ftypM4A audio"),
  })) {
    writeFileSync(join(folder, file), bytes);
  }
});

const examples = procedures.flatMap(({ name, examples: texts }) =>
  texts.map((text) => [name, text] as const),
);

test.each(examples)("an example of %s runs: %s", async (name, example) => {
  const text = example.replace(/readfile\('/g, `readfile('${folder}/`);
  const names = [...text.matchAll(/:(\w+)/g)].map(([, bind]) => bind ?? "");
  const given = Object.fromEntries(names.map((bind) => [bind, binds[bind] ?? null]));
  const result = await service().run(text, given);
  const rows = await result.all();
  expect(result.kind === "rows" ? rows.length : result.affectedRows, text).toBeGreaterThan(0);
  expect(result.counts).toMatchObject({ failed: 0 });
  expect(result.counts.calls).toBeGreaterThan(0);
  if (text.startsWith("CALL")) expect(rows[0]).toMatchObject({ Status: "completed" });
  expect(service().server.requests.map(({ endpoint }) => endpoint)).toContain(
    procedures.find((procedure) => procedure.name === name)?.endpoint,
  );
});

describe.each(procedures.map((procedure) => [procedure.name, procedure] as const))(
  "%s",
  (name, procedure) => {
    const given = minimalOf(name);
    const call = `CALL ${name}(${Object.keys(given)
      .map((parameter) => `${parameter} => :${parameter}`)
      .join()})`;
    const values = Object.fromEntries(Object.entries(given).map(([key, value]) => [key, value ?? null]));

    test("has an example that joins it with data", () => {
      const joined = new RegExp(`^(SELECT|INSERT|UPDATE) [^;]*\\b${name}\\(`);
      expect(procedure.examples.some((example) => joined.test(example))).toBe(true);
      expect(procedure.examples.some((example) => example.startsWith(`CALL ${name}(`))).toBe(true);
    });

    test("delivers the columns it declares, in their order", async () => {
      const result = await service().run(call, values);
      expect(result.columns.map((column) => column.name)).toEqual(
        procedure.columns.map((column) => column.name),
      );
      expect(await result.all()).toHaveLength(1);
    });

    test("describes every parameter: the range of numbers, the source of extensions", () => {
      const numbers = procedure.parameters.filter(
        ({ type, isUnsent }) => (type === "integer" || type === "real") && isUnsent !== true,
      );
      expect(numbers.filter(({ min, max }) => min === undefined && max === undefined)).toEqual([]);
      const extensions = procedure.parameters.filter(({ isExtension }) => isExtension === true);
      expect(extensions.filter(({ source = "" }) => !/^(API: POST \/|callsql: )/.test(source))).toEqual([]);
    });

    test("names errors that exist", () => {
      const own = Object.keys(procedure.errors ?? {}).filter((code) => code.startsWith("call/"));
      expect(own.filter((code) => !(code in callMessages))).toEqual([]);
    });

    test("stops when it is told to, at once where nothing is to be drained", async () => {
      await service().run("SET drain = 0");
      service().server.script(faults.hang());
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 60);
      const running = service().session.execute(call, values, { signal: controller.signal });
      await expect(running).rejects.toThrow("call/cancelled");
    });

    test("tells neither key nor prompt when it fails", async () => {
      const secret = "the patient is called Ada";
      const own = Object.fromEntries(
        Object.entries(values).map(([key, value]) => [
          key,
          ["Message", "Text", "Input", "Instructions"].includes(key) && typeof value === "string"
            ? secret
            : value,
        ]),
      );
      service().server.script(faults.unauthorized(apiKey, { times: 1 }));
      const refused = await messagesOf(service().run(call, own));
      service().server.script(faults.malformed({ times: 1 }), faults.unauthorized(apiKey));
      const broken = await messagesOf(service().run(call, own));
      for (const text of [refused, broken]) {
        expect(text).toContain("connect/refused");
        expect(text).not.toContain(apiKey.slice(8));
        expect(text).not.toContain(secret);
      }
    });
  },
);

/** All a user could see of the failure. */
async function messagesOf(running: Promise<unknown>): Promise<string> {
  try {
    await running;
    return "";
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    return [error.message, error.stack, JSON.stringify(error.diagnostics)].join("\n");
  }
}
