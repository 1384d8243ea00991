/** Short ways to say what a text should parse to. The catalogue of these tests has P, Q and GenerateResponse. */
import { parseScript, type Script } from "../../src/parser/parse.ts";
import type { CallSite, SqlStatement, Statement } from "../../src/parser/syntax.ts";
import type { Span } from "../../src/diagnostics/source.ts";

const procedures: ReadonlySet<string> = new Set(["p", "q", "generateresponse"]);

export function parse(text: string): Script {
  return parseScript({ name: "test", text }, { isProcedure: (name) => procedures.has(name.toLowerCase()) });
}

/** The only statement of a text without mistakes. */
export function statement(text: string): Statement {
  const { statements, diagnostics } = parse(text);
  const [first] = statements;
  if (first === undefined || statements.length > 1 || diagnostics.length > 0) {
    throw new Error(`${statements.length} statements, ${diagnostics.map((item) => item.code).join(" ")}`);
  }
  return first;
}

export function sql(text: string): SqlStatement {
  const found = statement(text);
  if (found.kind !== "sql") throw new Error(`a statement of kind ${found.kind}`);
  return found;
}

/** `position text` of each outermost site, with its marks: `value! P(x)` stands in a condition. */
export function sites(text: string): string[] {
  return sql(text).sites.map((site) => `${site.position}${marks(site)} ${cut(text, site.span)}`);
}

function marks(site: CallSite): string {
  return (site.isCondition ? "!" : "") + (site.isMembership ? "∈" : "") + (site.isInSchema ? "#" : "");
}

export function cut(text: string, span: Span): string {
  return text.slice(span.start, span.end);
}

/** `Name=>expression` or `expression` of each argument of the first site. */
export function argumentsOf(text: string): string[] {
  const [site] = sql(text).sites;
  return (site?.arguments ?? []).map(
    (argument) => (argument.name ? `${argument.name.text}=>` : "") + cut(text, argument.expression),
  );
}

/** `code text` of each diagnostic. */
export function mistakes(text: string): string[] {
  return parse(text).diagnostics.map((item) => `${item.code} ${item.span ? cut(text, item.span) : ""}`);
}

/** Every site of a script, nested ones too. */
export function allSites(statements: readonly Statement[]): CallSite[] {
  return statements.flatMap((item) => {
    const holder = item.kind === "explain-calls" ? item.statement : item;
    return "sites" in holder ? holder.sites.flatMap(withNested) : [];
  });
}

function withNested(site: CallSite): CallSite[] {
  return [site, ...site.arguments.flatMap((argument) => argument.sites.flatMap(withNested))];
}
