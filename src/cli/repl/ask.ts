/** Values for the binds of a statement: those that have one, and questions for those that have none. */
import {
  DiagnosticError,
  fail,
  suggest,
  type BindDescription,
  type ScriptStatement,
  type SqlValue,
} from "../../index.ts";
import { typedValue } from "../cell.ts";
import { readBytes } from "../file.ts";
import { safeLine } from "../format/text.ts";
import { parseJson, sqlValueOfJson } from "../json.ts";
import { limitsOf } from "../limits.ts";
import { expandHome } from "./complete/files.ts";
import type { Context } from "./context.ts";
import { wrapped } from "./show/wrap.ts";
import { expectError } from "../expected.ts";

/** By name, or number; undefined when a question was refused. Where nobody sits, the statement says what it lacks. */
export async function bindsFor(
  context: Context,
  statement: ScriptStatement,
): Promise<Record<string, SqlValue> | undefined> {
  const binds: Record<string, SqlValue> = {};
  if (!("binds" in statement) || statement.binds.length === 0) return binds;
  const { text } = statement.source;
  const prepared = context.session.prepare(text.slice(statement.span.start, statement.span.end));
  const variables = await variableNames(context);
  for (const bind of prepared.parameters) {
    const name = bind.name.toLowerCase();
    const known = context.parameters.get(name);
    if (known !== undefined) binds[bind.name] = known;
    else if (context.input.isAttended && !variables.has(name)) {
      const value = await ask(context, bind);
      if (value === undefined) return undefined;
      binds[bind.name] = value;
    }
  }
  return binds;
}

/** Of the session's own variables, `SET :name = …`. */
async function variableNames({ session }: Context): Promise<ReadonlySet<string>> {
  const rows = await (await session.execute("SHOW VARIABLES")).all();
  return new Set(rows.map((row) => String(row["variable"]).toLowerCase()));
}

async function ask(context: Context, bind: BindDescription): Promise<SqlValue | undefined> {
  const { reporter, input } = context;
  const written = /^\?$/.test(bind.text) ? `?${bind.name}` : bind.text;
  await reporter.say(wrapped(`${safeLine(written)}  `, descriptionOf(bind), input.columns));
  for (;;) {
    const answer = await input.ask(`${safeLine(written)} = `, bind.parameter?.type === "bytes");
    if (answer === undefined) return undefined;
    try {
      return await valueOfAnswer(answer, bind);
    } catch (error) {
      expectError(error, DiagnosticError);
      await reporter.error(error);
    }
  }
}

/** `text, required — Text to embed. (of GetEmbeddings; at most 8192 tokens)` */
function descriptionOf({ parameter, procedure }: BindDescription): string {
  if (parameter === undefined)
    return "a value: a number, text, @file for its bytes, or json:…; empty is NULL";
  const facts = [`of ${procedure?.name ?? "a call"}`, ...limitsOf(parameter)];
  const isRequired = parameter.required === true;
  const type = parameter.type === "bytes" ? "a file name" : parameter.type;
  return `${type}, ${isRequired ? "required" : "empty is NULL"} — ${parameter.summary} (${facts.join("; ")})`;
}

/** The answer as the parameter's type wants it; throws what is wrong with it. */
export async function valueOfAnswer(answer: string, { name, parameter }: BindDescription): Promise<SqlValue> {
  const refuse = (problem: string): never => fail("cli/bad-answer", { name, problem });
  if (answer.trim() === "") {
    if (parameter?.required === true) refuse("is required: Ctrl-C leaves the statement");
    return null;
  }
  switch (parameter?.type) {
    case undefined:
      return freeValue(answer, name);
    case "bytes": {
      const isUrl = parameter.acceptsUrl === true && /^https?:\/\//.test(answer.trim());
      return isUrl ? answer.trim() : readBytes(expandHome(answer.trim().replace(/^@/, "")));
    }
    case "boolean": {
      const word = answer.trim().toLowerCase();
      if (["1", "true", "yes", "on"].includes(word)) return 1;
      return ["0", "false", "no", "off"].includes(word) ? 0 : refuse("is neither true nor false");
    }
    case "integer":
    case "real": {
      const number = Number(answer.trim());
      const { min = -Infinity, max = Infinity, type } = parameter;
      if (Number.isNaN(number) || (type === "integer" && !Number.isInteger(number)))
        return refuse(type === "integer" ? "is not a whole number" : "is not a number");
      return number < min || number > max ? refuse(`is not within ${min} to ${max}`) : number;
    }
    case "text": {
      const { values, otherValues } = parameter;
      if (values === undefined || otherValues?.test(answer) === true) return answer;
      const known = values.find((value) => value.toLowerCase() === answer.trim().toLowerCase());
      const near = suggest(answer, values);
      return known ?? refuse(`is none of its values${near === undefined ? "" : `; did you mean "${near}"?`}`);
    }
    case "json":
      return answer;
  }
}

/** What `-p name=…` and `.param set name …` take. */
export async function freeValue(text: string, name: string): Promise<SqlValue> {
  if (text.startsWith("@")) return readBytes(expandHome(text.slice(1)));
  if (!text.startsWith("json:")) return typedValue(text);
  try {
    return sqlValueOfJson(parseJson(text.slice("json:".length)));
  } catch (error) {
    expectError(error, SyntaxError);
    return fail("cli/bad-answer", { name, problem: `is not JSON: ${error.message}` });
  }
}
