/** The API reference: everything that is exported is documented, and names only what is exported too. */
import { expect, test } from "vitest";
import { apiEntries } from "../../scripts/api-docs.ts";

const entries = apiEntries();

test("every export and every public member has a comment", () => {
  const bare = entries.flatMap(({ name, doc, members }) => [
    ...(doc === "" ? [name] : []),
    ...members.filter((member) => member.doc === "").map((member) => `${name}.${member.name}`),
  ]);
  expect(bare).toEqual([]);
  expect(entries.length).toBeGreaterThan(80);
});

test("the types that declarations name are exported too", () => {
  const names = new Set([...entries.map(({ name }) => name), ...ofTheLanguage, ...ofTypesAlone]);
  const unknown = entries.flatMap(({ name, signature, members }) => {
    const text = [signature, ...members.map((member) => member.signature)].join("\n");
    return typesIn(text)
      .filter((type) => !names.has(type))
      .map((type) => `${type} in ${name}`);
  });
  expect(unknown).toEqual([]);
});

const ofTheLanguage = [
  ..."Array ArrayBuffer AbortSignal AsyncDisposable AsyncGenerator AsyncIterable Date Error Exclude Extract Iterable".split(
    " ",
  ),
  ..."Lowercase Omit Parameters Partial Pick Promise Readonly Record RegExp Set Symbol Uint8Array".split(" "),
];

/** The syntax tree of a parsed statement, and helpers of type aliases: nobody needs to write them. */
const ofTypesAlone = ["ParsedScript", "Statement", "IsPresent", "ValueOf", "Called", "TrimEnd", "TrimStart"];

/** Not comments, strings, field names or a declaration's own parameters. */
function typesIn(text: string): readonly string[] {
  const code = text.replaceAll(/\/\*.*?\*\//gs, "").replaceAll(/"[^"]*"/g, "");
  const own = new Set(
    [...code.matchAll(/[<,(]\s*(?:const )?(\w+)(?= extends| =|,|>)|infer (\w+)|\[(\w+) in /g)].flatMap(
      (found) => found.slice(1),
    ),
  );
  const fields = /(?:readonly )?\b\w+\??:/g;
  return [...code.replaceAll(fields, "").matchAll(/(?<![.\w])[A-Z]\w*/g)]
    .map(([name]) => name)
    .filter((name) => !own.has(name));
}
