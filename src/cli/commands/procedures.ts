/** `callsql procedures [NAME] [--json]`: the catalogue, as help text or as data. */
import { fail, pseudoParametersOf, suggest, type Parameter, type Procedure } from "../../index.ts";
import { jsonOf } from "../json.ts";
import { limitsOf } from "../limits.ts";

export interface ProceduresRequest {
  readonly name?: string;
  readonly isJson: boolean;
}

export function proceduresText(catalogue: readonly Procedure[], { name, isJson }: ProceduresRequest): string {
  if (name === undefined) return isJson ? jsonLines(catalogue) : listText(catalogue);
  const procedure = catalogue.find((item) => item.name.toLowerCase() === name.toLowerCase());
  if (procedure === undefined) {
    const names = catalogue.map((item) => item.name);
    return fail("cli/unknown-procedure", { procedure: name, suggestion: suggest(name, names) });
  }
  return isJson ? `${JSON.stringify(described(procedure), undefined, 2)}\n` : helpText(procedure);
}

function listText(catalogue: readonly Procedure[]): string {
  const width = catalogue.reduce((widest, { name }) => Math.max(widest, name.length), 0);
  const lines = catalogue.map(({ name, summary }) => `${name.padEnd(width)}  ${summary}\n`);
  return `${lines.join("")}\ncallsql procedures NAME describes one.\n`;
}

function jsonLines(catalogue: readonly Procedure[]): string {
  const items = catalogue.map((procedure) => jsonOf(described(procedure)));
  return `[${items.join(",\n")}]\n`;
}

/** What a procedure is, without what it does. */
function described({
  name,
  summary,
  source,
  endpoint,
  parameters,
  columns,
  primary,
  overloads,
  examples,
}: Procedure) {
  return {
    name,
    summary,
    source,
    endpoint,
    parameters,
    columns,
    primary: columns[primary]?.name,
    overloads,
    examples,
  };
}

function helpText(procedure: Procedure): string {
  const parameters = procedure.parameters.map((item): Entry => [
    item.name,
    parameterType(item),
    parameterText(item),
  ]);
  const pseudo = pseudoParametersOf(procedure).map(({ name, type, summary }): Entry => [name, type, summary]);
  const columns = procedure.columns.map((item, index): Entry => {
    const note = index === procedure.primary ? " (the value of the call in an expression)" : "";
    return [item.name, item.type, `${item.summary}${note}`];
  });
  const overloads = procedure.overloads.map(({ when, use }) => `With ${when} given it is ${use}.\n`);
  const sections = [
    `${procedure.name}\n${procedure.summary}\n${overloads.join("")}`,
    `Examples:\n${procedure.examples.map((example) => `  ${example}\n`).join("")}`,
    `Parameters:\n${entriesText(parameters)}`,
    `Of every call, by name:\n${entriesText(pseudo)}`,
    `Columns:\n${entriesText(columns)}`,
    `Source: ${procedure.source}\n`,
  ];
  return sections.join("\n");
}

type Entry = readonly [name: string, type: string, text: string];

function entriesText(entries: readonly Entry[]): string {
  const nameWidth = entries.reduce((widest, [name]) => Math.max(widest, name.length), 0);
  const typeWidth = entries.reduce((widest, [, type]) => Math.max(widest, type.length), 0);
  const lines = entries.map(
    ([name, type, text]) => `  ${name.padEnd(nameWidth)}  ${type.padEnd(typeWidth)}  ${text}`,
  );
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}

function parameterType({ type, required }: Parameter): string {
  return required === true ? `${type}, required` : type;
}

function parameterText(parameter: Parameter): string {
  const { summary, defaultModel, aliases = [] } = parameter;
  const facts = limitsOf(parameter);
  if (parameter.default !== undefined) facts.push(`default ${String(parameter.default)}`);
  if (defaultModel !== undefined) facts.push(`default: the connection's ${defaultModel} model`);
  if (aliases.length > 0) facts.push(`also ${aliases.join(", ")}`);
  if (parameter.isExtension === true) facts.push("an extension");
  if (parameter.isUnsent === true) facts.push("accepted, never sent");
  return facts.length === 0 ? summary : `${summary} (${facts.join("; ")})`;
}
