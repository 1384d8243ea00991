/** A place and what there is → candidates, nearest first. Pure; files are looked up by files.ts. */
import {
  pseudoParametersOf,
  signatureOf,
  sqlKeywords,
  type Parameter,
  type Procedure,
} from "../../../index.ts";
import { graphemesOf } from "../edit/graphemes.ts";
import type { Candidate } from "../edit/state.ts";
import type { CallPlace, Place } from "./place.ts";

export interface Vocabulary {
  readonly procedures: readonly Procedure[];
  readonly tables: readonly Table[];
  readonly binds: readonly Candidate[];
  readonly options: readonly Option[];
  readonly models: readonly Model[];
  readonly connections: readonly Candidate[];
}

export interface Option extends Candidate {
  /** What it may be, where that is a list. */
  readonly values: readonly string[];
}

export interface Model {
  readonly name: string;
  /** In lower case: those that it can be used with. */
  readonly procedures: readonly string[];
  /** What it costs. */
  readonly detail: string;
}

export interface Table {
  readonly name: string;
  /** `table`, `view`… */
  readonly kind: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

export function candidatesAt(place: Place, vocabulary: Vocabulary): Candidate[] {
  return startingWith(place.word, candidatesOfKind(place, vocabulary));
}

/** Those that begin with what was typed, letters' case and quotes around a name aside; each text once. */
export function startingWith(word: string, candidates: readonly Candidate[]): Candidate[] {
  const typed = word.toLowerCase();
  const seen = new Set<string>();
  return candidates.filter(({ text }) => {
    const key = text.toLowerCase();
    const isBegun = key.startsWith(typed) || (key.startsWith('"') && key.startsWith(typed, 1));
    if (seen.has(key) || !isBegun) return false;
    seen.add(key);
    return true;
  });
}

function candidatesOfKind(place: Place, vocabulary: Vocabulary): readonly Candidate[] {
  const { kind, call } = place;
  switch (kind.kind) {
    case "nothing":
    case "file":
      return [];
    case "bind":
      return bindCandidates(place.word, vocabulary, procedureOf(call, vocabulary));
    case "procedure":
      return vocabulary.procedures.map(procedureCandidate);
    case "default":
      return vocabulary.procedures.map((procedure) => namedCandidate(procedure, "."));
    case "described":
      return [
        ...vocabulary.tables.map(tableCandidate),
        ...vocabulary.procedures.map((procedure) => namedCandidate(procedure, "")),
      ];
    case "table":
      return [...vocabulary.tables.map(tableCandidate), ...vocabulary.procedures.map(procedureCandidate)];
    case "option":
      return vocabulary.options;
    case "option-value":
      return quoted(optionValues(kind.option, vocabulary), kind.isQuoted);
    case "argument-value": {
      const values = quoted(valuesOf(call, kind.parameter, vocabulary), kind.isQuoted);
      return kind.isQuoted ? values : [...values, ...expressionCandidates(place, vocabulary)];
    }
    case "column":
      return columnsOf(vocabulary.tables, [kind.table], vocabulary.tables);
    case "argument": {
      const procedure = procedureOf(call, vocabulary);
      const own = procedure === undefined ? [] : argumentCandidates(procedure, call);
      const fitting = startingWith(place.word, own);
      return fitting.length > 0 ? fitting : expressionCandidates(place, vocabulary);
    }
    case "expression":
      return expressionCandidates(place, vocabulary);
  }
}

/** As text literals; `isQuoted`: the first quote stands there. */
function quoted(values: readonly Candidate[], isQuoted: boolean): Candidate[] {
  return values.map(({ text, detail }) => ({ text: isQuoted ? `${text}'` : `'${text}'`, detail }));
}

function optionValues(name: string, { options, connections, models }: Vocabulary): readonly Candidate[] {
  const wanted = name.toLowerCase();
  if (wanted.endsWith("_model")) return models.map(({ name: text, detail }) => ({ text, detail }));
  const option = options.find(({ text }) => text.toLowerCase() === wanted);
  if (wanted === "connection") return connections;
  return (option?.values ?? []).map((text) => ({ text, detail: "" }));
}

/** What a parameter may be, where that is a list: its own values, or models for what is called. */
function valuesOf(
  call: CallPlace | undefined,
  written: string | number,
  vocabulary: Vocabulary,
): readonly Candidate[] {
  if (typeof written === "string" && written.toLowerCase() === "connection") return vocabulary.connections;
  const procedure = procedureOf(call, vocabulary);
  const parameter =
    typeof written === "number" ? procedure?.parameters[written] : procedure?.findParameter(written);
  if (procedure === undefined || parameter === undefined) return [];
  if (parameter.defaultModel === undefined)
    return (parameter.values ?? []).map((value) => ({ text: value, detail: "" }));
  return vocabulary.models
    .filter(({ procedures }) => procedures.includes(procedure.name.toLowerCase()))
    .map(({ name, detail }) => ({ text: name, detail }));
}

export function procedureOf(
  call: CallPlace | undefined,
  { procedures }: Pick<Vocabulary, "procedures">,
): Procedure | undefined {
  const name = call?.name.toLowerCase();
  return procedures.find((procedure) => procedure.name.toLowerCase() === name);
}

export function describeParameter({ type, required, summary }: Parameter): string {
  return `${type}${required === true ? ", required" : ""} — ${summary}`;
}

function procedureCandidate(procedure: Procedure): Candidate {
  return namedCandidate(procedure, "(");
}

/** `next` stands behind the name there. */
function namedCandidate(procedure: Procedure, next: string): Candidate {
  const { name } = procedure;
  return { text: name + next, detail: signatureOf(procedure).slice(name.length) };
}

function tableCandidate({ name, kind, columns }: Table): Candidate {
  const text = /^[A-Za-z_]\w*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
  return { text, detail: `${kind}(${columns.map((column) => column.name).join(", ")})` };
}

/** Required ones first: what is missing is what one looks for. */
function argumentCandidates({ parameters }: Procedure, call: CallPlace | undefined): Candidate[] {
  const positional = (call?.position ?? 0) - (call?.given.length ?? 0);
  const left = parameters.filter(
    ({ name, position }) => position >= positional && call?.given.includes(name.toLowerCase()) !== true,
  );
  const required = left.filter((parameter) => parameter.required === true);
  const others = left.filter((parameter) => parameter.required !== true);
  const ofEveryCall = pseudoParametersOf({ parameters }).filter(
    ({ name }) => call?.given.includes(name.toLowerCase()) !== true,
  );
  return [...required, ...others, ...ofEveryCall].map((parameter) => ({
    text: `${parameter.name} => `,
    detail: describeParameter(parameter),
  }));
}

function bindCandidates(
  word: string,
  { binds }: Vocabulary,
  procedure: Procedure | undefined,
): readonly Candidate[] {
  const [prefix = ":"] = graphemesOf(word);
  const known = binds.map(({ text, detail }) => ({ text: prefix + text, detail }));
  const wanted = (procedure?.parameters ?? []).map((parameter) => ({
    text: prefix + parameter.name,
    detail: describeParameter(parameter),
  }));
  return [...known, ...wanted];
}

function expressionCandidates({ word, names }: Place, vocabulary: Vocabulary): Candidate[] {
  const isLower = word !== "" && word === word.toLowerCase();
  const keywords = sqlKeywords.map((keyword) => ({
    text: isLower ? keyword.toLowerCase() : keyword,
    detail: "",
  }));
  return [
    ...columnsOf(vocabulary.tables, names),
    ...vocabulary.procedures.map(procedureCandidate),
    ...keywords,
    ...vocabulary.tables.map(tableCandidate),
  ];
}

/** The columns of the tables that are named; of `otherwise` where none is (the name may be an alias). */
function columnsOf(
  tables: readonly Table[],
  names: readonly string[],
  otherwise: readonly Table[] = [],
): Candidate[] {
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  const named = tables.filter(({ name }) => wanted.has(name.toLowerCase()));
  return (named.length > 0 ? named : otherwise).flatMap((table) =>
    table.columns.map(({ name, type }) => ({
      text: /^[A-Za-z_]\w*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`,
      detail: `${type === "" ? "column" : type} of ${table.name}`,
    })),
  );
}
