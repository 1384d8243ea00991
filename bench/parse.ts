/**
 * Text to syntax, against the parsers people use: `node bench/parse.ts`, half a minute.
 * - a CALL statement to its tree, against every parser that reads CALL;
 * - SQLite statements without calls: split and found to hold no call, against full parsers and SQLite's own prepare;
 * - a script of 5 MB, split and its calls recognised, then parsed, against chevrotain's own lexer over the same tokens.
 */
import Database from "better-sqlite3";
import { createToken, Lexer } from "chevrotain";
import { parseScript } from "../src/parser/parse.ts";
import { Sweep } from "../src/parser/sweep.ts";
import { keywordByWord } from "../src/parser/tokens.ts";
import { format, publish, race, type Finding } from "./harness.ts";
import { loadPeer } from "./peers.ts";

const procedures = new Set(["generateresponse", "classifytext", "moderatetext", "getembeddings"]);
const isProcedure = (name: string): boolean => procedures.has(name.toLowerCase());
const ours = (text: string) => (): number => {
  const { statements, diagnostics } = parseScript({ name: "bench", text }, { isProcedure });
  if (diagnostics.length > 0) throw new Error("our parser found a mistake");
  return statements.length;
};

/** What the runtime asks of every statement; without a call it is read only when asked for. */
const oursRead = (text: string) => (): number => {
  const { statements } = parseScript({ name: "bench", text }, { isProcedure });
  return statements.reduce(
    (sum, item) => sum + (item.kind === "sql" ? item.binds.length + item.verb.length : 0),
    0,
  );
};

type Parse = (text: string) => unknown;

/** Those that read CALL; pgsql-ast-parser does not. */
const peers = await readersOfCall();
const pgAst = await loadPeer<{ parse: Parse }>("pgsql-ast-parser");

async function readersOfCall(): Promise<Readonly<Record<string, Parse>>> {
  const { default: nodeSql } = await loadPeer<{
    default: { Parser: new () => { astify: (text: string, options: object) => unknown } };
  }>("node-sql-parser");
  const cst = await loadPeer<{ parse: (text: string, options: object) => unknown }>("sql-parser-cst");
  const pg = await loadPeer<{ loadModule: () => Promise<void>; parseSync: Parse }>("libpg-query");
  await pg.loadModule();
  const parser = new nodeSql.Parser();
  return {
    "node-sql-parser": (text) => parser.astify(text, { database: "MySQL" }),
    "sql-parser-cst": (text) => cst.parse(text, { dialect: "mysql" }),
    "libpg-query": (text) => pg.parseSync(text),
  };
}

const micro = (ns: number): string => `${format(ns / 1000)} µs`;

async function call(): Promise<Finding[]> {
  const text =
    "CALL GenerateResponse('What is a fjord?', 'Answer in one sentence.', 'gpt-6-luna', NULL, 0.2)";
  const cases = Object.entries(peers).map(([name, parse]) => [name, () => parse(text)] as const);
  const times = await race({ callsql: ours(text), ...Object.fromEntries(cases) });
  const goals: Readonly<Record<string, number>> = { "node-sql-parser": 12, "libpg-query": 4 };
  return Object.keys(peers).map((name) => ratio("CALL text to tree", name, times, goals[name]));
}

async function select(): Promise<Finding[]> {
  const text =
    "SELECT c.id, c.name, sum(o.total) AS total FROM customers c JOIN orders o ON o.customer_id = c.id " +
    "WHERE o.placed_at > '2026-01-01' AND c.country IN ('NO', 'SE') GROUP BY c.id, c.name HAVING sum(o.total) > 100 ORDER BY total DESC LIMIT 10";
  const database = new Database(":memory:");
  database.exec(
    "CREATE TABLE customers (id, name, country); CREATE TABLE orders (customer_id, total, placed_at)",
  );
  const cases = Object.entries(peers).map(([name, parse]) => [name, () => parse(text)] as const);
  const times = await race({
    callsql: oursRead(text),
    ...Object.fromEntries(cases),
    "pgsql-ast-parser": () => pgAst.parse(text),
    "SQLite's prepare": () => database.prepare(text),
  });
  database.close();
  const others = [...Object.keys(peers), "pgsql-ast-parser", "SQLite's prepare"];
  return others.map((name) => ratio("a SELECT without calls, read", name, times));
}

function ratio(
  what: string,
  against: string,
  times: Readonly<Record<string, number>>,
  atLeast?: number,
): Finding {
  const mine = times["callsql"] ?? NaN;
  const other = times[against] ?? NaN;
  return {
    what,
    against,
    ratio: other / mine,
    detail: `${micro(mine)} and ${micro(other)}`,
    ...(atLeast === undefined ? {} : { goal: { atLeast } }),
  };
}

/** 5 MB of what people write: rows of data, comments, triggers, queries, and a call now and then. */
function script(): string {
  const parts = [
    "INSERT INTO tickets (id, body, received_at) VALUES (17, 'It''s late; where is my parcel?', '2026-11-02');\n",
    "-- nightly; run after the import\nUPDATE orders SET total = total * 1.25 WHERE country = 'NO' AND placed_at < date('now');\n",
    "/* join ; */ SELECT t.id, c.Category FROM tickets t, ClassifyText(t.body, 'delivery, payment') c WHERE t.id > 100;\n",
    "CREATE TRIGGER IF NOT EXISTS log AFTER INSERT ON tickets BEGIN INSERT INTO logs VALUES (new.id, datetime('now')); DELETE FROM logs WHERE id < 0; END;\n",
    "SELECT \"a;b\", [c;d], `e;f`, x'00ff', 1.5e-3, ?, :name FROM t WHERE a IS NOT NULL ORDER BY 1;\n",
    "CALL GenerateResponse('Say hello; politely', Model => 'gpt-6-luna');\n",
  ];
  const block = parts.join("");
  return block.repeat(Math.ceil((5 * 1024 * 1024) / block.length));
}

/** Our vocabulary as patterns of chevrotain's own lexer: what a grammar of chevrotain has without a scanner by hand. */
function chevrotainLexer(): Lexer {
  const token = (name: string, pattern: RegExp, more: object = {}) =>
    createToken({ name, pattern, line_breaks: true, ...more });
  const word = token("Word", /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/);
  // The longer first: CALLS would never be met behind CALL.
  const names = [...keywordByWord.keys()].toSorted((a, b) => b.length - a.length);
  const keywords = names.map((name) => token(name, new RegExp(name, "i"), { longer_alt: word }));
  return new Lexer([
    token("Space", /[ \t\r\n\f]+/, { group: Lexer.SKIPPED }),
    token("LineComment", /--[^\n]*/, { group: Lexer.SKIPPED }),
    token("BlockComment", /\/\*[^]*?\*\//, { group: Lexer.SKIPPED }),
    token("Blob", /[xX]'[0-9a-fA-F]*'/),
    token("Text", /'(?:[^']|'')*'/),
    token("Quoted", /"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]/),
    token("Number", /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/),
    token("Bind", /\?\d*|[:@$][A-Za-z_]\w*/),
    ...keywords,
    word,
    token("Operator", /=>|\|\||<=|>=|<>|!=|==|<<|>>|->>?|[-+*/%<>=&|~]/),
    token("Mark", /[(),;.]/),
  ]);
}

async function large(): Promise<Finding[]> {
  const text = script();
  const lexer = chevrotainLexer();
  const times = await race(
    {
      sweep: () => {
        const sweep = new Sweep(text, isProcedure);
        while (sweep.next() !== undefined);
      },
      callsql: ours(text),
      lexer: () => {
        if (lexer.tokenize(text).errors.length > 0) throw new Error("the lexer found a mistake");
      },
    },
    { rounds: 5, roundMs: 1 },
  );
  const against = "chevrotain's lexer, tokens alone";
  const detail = (ns: number): string => `${format(ns / 1e6)} ms and ${format(times.lexer / 1e6)} ms`;
  return [
    {
      what: "a 5 MB script, split and its calls recognised",
      against,
      ratio: times.sweep / times.lexer,
      goal: { atMost: 0.25 },
      detail: detail(times.sweep),
    },
    {
      what: "the same, its 16,000 statements with calls parsed",
      against,
      ratio: times.callsql / times.lexer,
      detail: detail(times.callsql),
    },
  ];
}

publish("parse", "Parsing", [...(await call()), ...(await select()), ...(await large())]);
