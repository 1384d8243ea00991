/** Dot-commands in a pipe and behind -c: they work as at the prompt, and the exit code says how it went. */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { main } from "../../../src/cli/main.ts";
import { fakeTerminal } from "../support/terminal.ts";

const folder = mkdtempSync(join(tmpdir(), "callsql-piped-"));
const inFolder = (name: string): string => join(folder, name);

async function piped(stdin: string | undefined, ...args: string[]) {
  const terminal = fakeTerminal({ ...(stdin === undefined ? {} : { stdin }), env: { HOME: folder } });
  const code = await main(["--no-ledger", ...args], terminal);
  return { code, out: terminal.out(), err: terminal.err() };
}

test("a pipe of SQL and dot-commands runs in order, in the format that -o or .mode names", async () => {
  const csv = inFolder("t.csv");
  writeFileSync(csv, "a,b\n1,x\n2,y\n");
  const { code, out, err } = await piped(
    `.import ${csv} t\n.param set a 2\nSELECT b FROM t WHERE a = :a;\n.mode json\nSELECT 1 AS one;\n`,
    "-o",
    "csv",
  );
  expect({ code, out }).toEqual({ code: 0, out: 'b\ny\n[{"one":1}]\n' });
  expect(err).toContain("2 rows imported into t");
  expect(err).not.toContain("callsql 0");
});

test("-c takes them too, and exit ends the text", async () => {
  const { out } = await piped(undefined, "-c", "CREATE TABLE people(x)", "-c", ".schema", "-o", "csv");
  expect(out).toBe("CREATE TABLE people(x);\n");
  expect(await piped("SELECT 1 AS x;\nexit\nSELECT 2 AS x;\n", "-o", "csv")).toMatchObject({
    code: 0,
    out: "x\n1\n",
  });
});

test("the first mistake ends it, with its exit code", async () => {
  const stopped = await piped(".tabels\nSELECT 1;\n");
  expect(stopped).toMatchObject({ code: 2, out: "" });
  expect(stopped.err).toContain('did you mean ".tables"?');
  expect(await piped(".timer off\nSELECT nothing;\nSELECT 1;\n")).toMatchObject({ code: 1, out: "" });
  expect(await piped(".timer off\nCALL GenerateResponse('hi');\n")).toMatchObject({ code: 6, out: "" });
});

test("nobody is asked: a bind without a value is an error", async () => {
  const { code, out, err } = await piped(".timer off\nSELECT :missing;\n");
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toContain("bind/missing-bind");
});

test("--output has the file whole, or not at all", async () => {
  const file = inFolder("out.csv");
  await piped(".timer off\nSELECT 1 AS x;\n", "--output", file);
  expect(readFileSync(file, "utf8")).toBe("x\n1\n");
  expect(await piped(".timer off\nSELECT 2 AS x;\nSELECT nothing;\n", "--output", file)).toMatchObject({
    code: 1,
  });
  expect(readFileSync(file, "utf8")).toBe("x\n1\n");
});

test("--csv-safe reaches the screen, .once, .output and --output", async () => {
  const once = inFolder("once.csv");
  const output = inFolder("output.tsv");
  const text = `.timer off
.mode csv
SELECT '=1' AS a;
.once ${once}
SELECT '@x' AS b;
.mode tsv
.output ${output}
SELECT '+y' AS c;
`;
  expect((await piped(text, "--csv-safe")).out).toBe("a\n'=1\n");
  expect(readFileSync(once, "utf8")).toBe("b\n'@x\n");
  expect(readFileSync(output, "utf8")).toBe("c\n'+y\n");
  const whole = inFolder("whole.csv");
  await piped("SELECT '=z' AS d;\n.timer off\n", "--csv-safe", "--output", whole);
  expect(readFileSync(whole, "utf8")).toBe("d\n'=z\n");
});

test("flags that are for SQL alone are refused, before anything runs", async () => {
  for (const flag of ["--dry-run", "--keep-going", "--with-statement"]) {
    const { code, out, err } = await piped("SELECT 1;\n.tables\n", flag);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain("cli/not-with-dot-commands");
  }
});

test("an import into a table that exists says what it replaced, and --append keeps it", async () => {
  const csv = inFolder("again.csv");
  writeFileSync(csv, "a\n1\n2\n");
  const twice = await piped(
    `.import ${csv} t\n.import ${csv} t\nSELECT count(*) AS n FROM t;\n`,
    "-o",
    "csv",
  );
  expect(twice.out).toBe("n\n2\n");
  expect(twice.err).toMatch(/2 rows imported into t from \S+again\.csv, in place of 2, /);
  const database = inFolder("append.db");
  const load = ["--import", `t=${csv}`, database, "-c", "SELECT count(*) AS n FROM t", "-o", "csv"];
  expect((await piped(undefined, ...load, "--append")).out).toBe("n\n2\n");
  expect((await piped(undefined, ...load, "--append")).out).toBe("n\n4\n");
  const replaced = await piped(undefined, ...load);
  expect(replaced.out).toBe("n\n2\n");
  expect(replaced.err).toContain("in place of 4");
});

test("a line of a string is no command", async () => {
  expect(await piped("SELECT '\n.tables\n' AS x;\n", "-o", "json")).toMatchObject({
    code: 0,
    out: '[{"x":"\\n.tables\\n"}]\n',
  });
});

test("run takes SQL and .read alone, and says so before anything runs", async () => {
  const file = inFolder("script.sql");
  writeFileSync(file, "SELECT 1;\n.mode csv\n");
  const { code, out, err } = await piped("", "run", file);
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err).toContain(`line 2: ".mode" is a command of the prompt`);
});
