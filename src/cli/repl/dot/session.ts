/** Commands for the session: .connection, .param, .cost, .explain, .show, .open, .runs, .quit. */
import { fail } from "../../../index.ts";
import { freeValue } from "../ask.ts";
import { expandHome } from "../complete/files.ts";
import type { Context } from "../context.ts";
import { checkConnectionName, connectionNames, connectionOf, openDatabase } from "../open.ts";
import { shownValue } from "../../format/cell.ts";
import { safeLine } from "../../format/text.ts";
import { cutToCells } from "../edit/graphemes.ts";
import { showQuery } from "../show/show.ts";
import { totalsText } from "../totals.ts";
import type { DotCommand } from "./command.ts";
import { known } from "../../known.ts";

export const sessionCommands: readonly DotCommand[] = [
  {
    name: "connection",
    arguments: "[NAME]",
    summary: "where calls go, or go from now on (as SET connection)",
    completes: ["connection"],
    run: async (context, [name]) => {
      if (name !== undefined) {
        await checkConnectionName(context, name);
        await setOption(context, "connection", name);
      }
      const connection = await connectionOf(context);
      await context.terminal.stdout.write(`${connection ?? "none"}\n`);
      if (connection !== undefined) return;
      const names = await connectionNames(context);
      await context.reporter.note("choose-connection", { names: names.join(", ") });
    },
  },
  {
    name: "param",
    aliases: [".parameter"],
    arguments: "[VERB] [NAME] [VALUE…]",
    summary: "list, set or unset values of binds: 42 is a number, @FILE its bytes, json:… JSON, else text",
    completes: [["list", "set", "unset"], "parameter", "file"],
    isVerbatim: true,
    run: async (context, [rest = ""]) => {
      const [, verb = "list", name = "", value] = /^(\S+)(?:\s+(\S+))?(?:\s+(.*?))?$/s.exec(rest) ?? [];
      const key = name.replace(/^[:@$]/, "").toLowerCase();
      switch (verb.toLowerCase()) {
        case "list":
          return listParameters(context);
        case "set":
          if (key === "" || value === undefined) break;
          context.parameters.set(key, await freeValue(unquoted(value), name));
          return;
        case "unset":
        case "clear":
          return unsetParameter(context, key);
      }
      fail("cli/dot-usage", { command: ".param", arguments: "list | set NAME VALUE | unset [NAME]" });
    },
  },
  {
    name: "cost",
    arguments: "",
    summary: "calls, tokens and cost of this session so far",
    run: async ({ terminal, totals }) => terminal.stdout.write(`${totalsText(totals.spent)}\n`),
  },
  {
    name: "explain",
    arguments: "[STATEMENT]",
    summary: "what a statement (or the last one) would call and cost, without calling",
    completes: ["sql"],
    isVerbatim: true,
    run: async (context, [statement = ""]) => {
      const text = statement === "" ? context.lastStatement : statement;
      if (text === "") fail("cli/dot-usage", { command: ".explain", arguments: "STATEMENT" });
      const last = context.lastStatement;
      const isDone = await context.run(context, `EXPLAIN CALLS ${text}`, { name: ".explain", isKept: false });
      context.lastStatement = last;
      return isDone;
    },
  },
  {
    name: "show",
    arguments: "",
    summary: "what the commands have set",
    run: async (context) => {
      const { database, mode, isTimed, output, parameters, terminal } = context;
      const settings = {
        database,
        connection: (await connectionOf(context)) ?? "none",
        mode,
        timer: isTimed ? "on" : "off",
        output: output?.path ?? "screen",
        param: [...parameters.keys()].map((name) => `:${name}`).join(" "),
      };
      const lines = Object.entries(settings).map(([name, value]) => `${name.padStart(10)}: ${value}\n`);
      await terminal.stdout.write(safeLines(lines));
    },
  },
  {
    name: "open",
    arguments: "[FILE]",
    summary: "leave this database for another; in memory without a name",
    completes: ["file"],
    run: (context, [file]) => openDatabase(context, file === undefined ? ":memory:" : expandHome(file)),
  },
  {
    name: "runs",
    arguments: "[ID]",
    summary: "what was run and spent, the newest last; the calls of one run if given",
    run: (context, [id]) => {
      if (id === undefined) return showQuery(context, runsSql);
      if (!/^\d+$/.test(id)) fail("cli/dot-usage", { command: ".runs", arguments: "[ID]" });
      return showQuery(context, callsSql, { run: Number(id) });
    },
  },
  {
    name: "quit",
    aliases: [".exit", ".q", "\\q"],
    arguments: "",
    summary: "leave, as Ctrl-D does",
    run: async (context) => {
      context.exitCode = 0;
    },
  },
];

const runsSql = `SELECT * FROM (SELECT id, name, status, started_at, succeeded, failed, input_tokens, output_tokens,
  cost_usd FROM sys_runs WHERE succeeded + failed + unknown > 0 ORDER BY id DESC LIMIT 20) ORDER BY id`;

const callsSql = `SELECT procedure, model, status, error_code, count(*) AS calls, sum(input_tokens) AS input_tokens,
  sum(output_tokens) AS output_tokens, sum(cost_usd) AS cost_usd
  FROM sys_calls WHERE run = :run GROUP BY procedure, model, status, error_code ORDER BY calls DESC`;

async function setOption({ session }: Context, option: string, value: string): Promise<void> {
  const result = await session.execute(`SET ${option} = '${value.replaceAll("'", "''")}'`);
  await result.close();
}

/** Those of the prompt, then the session's own (`SET :name = …`). */
async function listParameters(context: Context): Promise<void> {
  const { session, parameters, terminal, reporter, input } = context;
  const own = await (await session.execute("SHOW VARIABLES")).all();
  const values = new Map(own.map(({ variable, value }) => [String(variable), known(value)]));
  for (const [name, value] of parameters) values.set(name, value);
  const lines = [...values].map(([name, value]) => {
    const type = value === null ? "null" : value instanceof Uint8Array ? "bytes" : typeof value;
    const shown = safeLine(shownValue(value, { name, type: undefined, format: undefined }));
    return `${cutToCells(`:${safeLine(name)}  ${type.replace("string", "text")}  ${shown}`, input.columns)}\n`;
  });
  await terminal.stdout.write(lines.join(""));
  if (lines.length === 0) await reporter.note("no-parameters", {});
}

async function unsetParameter({ parameters, session }: Context, name: string): Promise<void> {
  if (name === "") return parameters.clear();
  if (parameters.delete(name)) return;
  const own = await (await session.execute("SHOW VARIABLES")).all();
  const isVariable = own.some(({ variable }) => variable === name);
  fail("cli/unknown-param", { name, isVariable });
}

/** Quotes around a whole value are for blanks at its ends; inside, they are text. */
function unquoted(value: string): string {
  return /^'(?:[^']|'')*'$/.test(value) ? value.slice(1, -1).replaceAll("''", "'") : value;
}

function safeLines(lines: readonly string[]): string {
  return lines.map((line) => `${safeLine(line.trimEnd())}\n`).join("");
}
