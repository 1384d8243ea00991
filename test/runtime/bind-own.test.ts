/** Procedures of a program's own in the binder: parameters that are required and have a value all the same, and their words. */
import { expect, test } from "vitest";
import { createCatalog } from "../../src/catalog/catalog.ts";
import type { Parameter, Procedure } from "../../src/catalog/procedure.ts";
import { DiagnosticSink } from "../../src/diagnostics/diagnostic.ts";
import { known } from "../../src/diagnostics/known.ts";
import { parseScript } from "../../src/parser/parse.ts";
import { bindSites, connectionArgument, type BoundSite } from "../../src/runtime/bind.ts";
import { echoProcedures } from "../support/echo.ts";

/** `P` with this first parameter, bound to a call. */
function bound(sql: string, more: Partial<Parameter>): { sites: readonly BoundSite[]; said: string[] } {
  const own = echoProcedures.map((procedure): Procedure => {
    const [first, ...others] = procedure.parameters;
    return { ...procedure, parameters: [{ ...known(first), required: true, ...more }, ...others] };
  });
  const catalog = createCatalog(own);
  const source = { name: "test", text: sql };
  const isProcedure = (name: string): boolean => catalog.find(name) !== undefined;
  const [statement] = parseScript(source, { isProcedure }).statements;
  if (statement?.kind !== "sql") throw new Error(`not one SQL statement: ${sql}`);
  const sink = new DiagnosticSink(source);
  const sites = bindSites(statement.sites, { catalog, hasDefault: () => false }, sink);
  return { sites, said: sink.found.map(({ message, hint }) => `${message}; ${hint}`) };
}

test("what is required is missed, in its own words but for their last full stop", () => {
  const { sites, said } = bound("SELECT P()", { summary: "As in v1.2 of the API." });
  expect(said).toEqual([expect.stringMatching(/as in v1\.2 of the API(?!\.)/i)]);
  expect(sites).toHaveLength(1);
});

test.each<Partial<Parameter>>([{ default: "a" }, { defaultModel: "text" }])(
  "what is required may be left out where %j stands for it",
  (more) => {
    expect(bound("SELECT P()", more).said).toEqual([]);
  },
);

test("the connection a call names is found behind its parameters", () => {
  const [site] = bound("SELECT P('a', Connection => 'far')", {}).sites;
  expect(connectionArgument(known(site))?.argument.name?.text).toBe("Connection");
  const [plain] = bound("SELECT P('a')", {}).sites;
  expect(connectionArgument(known(plain))).toBeUndefined();
});
