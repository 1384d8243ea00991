import { expect, test } from "vitest";
import type { Procedure } from "../../src/index.ts";
import { proceduresText } from "../../src/cli/commands/procedures.ts";

function readProcedure(described: object): Procedure {
  return described as Procedure;
}

const catalogue = [
  readProcedure({
    name: "GetEmbeddings",
    summary: "Turns text into a vector.",
    source: "the documentation",
    endpoint: "embeddings",
    parameters: [
      { name: "Text", type: "text", position: 0, required: true, summary: "Text to embed.", maxLength: 8192 },
      {
        name: "Model",
        type: "text",
        position: 1,
        summary: "Model.",
        defaultModel: "embedding",
        aliases: ["M"],
      },
      { name: "Dimensions", type: "integer", position: 2, summary: "Length.", min: 1, isExtension: true },
    ],
    columns: [
      { name: "Embedding", type: "blob", summary: "The vector." },
      { name: "Status", type: "text", summary: "ok or failed." },
    ],
    primary: 0,
    overloads: [],
    examples: ["CALL GetEmbeddings(:Text)"],
    prepare: () => {},
  }),
];

test("the list has a line for each", () => {
  expect(proceduresText(catalogue, { isJson: false })).toMatch(
    /^GetEmbeddings {2}Turns text into a vector\.\n/,
  );
});

test("one procedure is described in any case of its name", () => {
  const text = proceduresText(catalogue, { isJson: false, name: "getembeddings" });
  expect(text).toContain("  CALL GetEmbeddings(:Text)\n");
  expect(text).toContain("  Text        text, required  Text to embed. (at most 8,192 characters)\n");
  expect(text).toContain("Model. (default: the connection's embedding model; also M)");
  expect(text).toContain("Length. (at least 1; an extension)");
  expect(text).toContain("  Embedding  blob  The vector. (the value of the call in an expression)\n");
});

test("as JSON it is data", () => {
  const all: unknown = JSON.parse(proceduresText(catalogue, { isJson: true }));
  const one: unknown = JSON.parse(proceduresText(catalogue, { isJson: true, name: "GetEmbeddings" }));
  expect(all).toEqual([one]);
  expect(one).toMatchObject({ name: "GetEmbeddings", primary: "Embedding" });
});

test("an unknown name gets the nearest one", () => {
  expect(() => proceduresText(catalogue, { isJson: false, name: "GetEmbedings" })).toThrow(
    "cli/unknown-procedure",
  );
});
