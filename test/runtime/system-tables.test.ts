/** The sys_ tables as a query meets them: their columns are those that are documented, and DESCRIBE says what they are. */
import { expect, test } from "vitest";
import { systemTables } from "../../src/catalog/system-tables.ts";
import { openSession } from "../../src/index.ts";
import { echoConnection } from "../support/echo.ts";
import type { ApiFailure } from "../../src/catalog/request.ts";

async function open() {
  const session = await openSession({ connection: echoConnection((_, x) => x), ledger: ":memory:" });
  const rows = async (sql: string) => (await session.execute(sql)).all();
  return { session, rows, [Symbol.asyncDispose]: () => session.close() };
}

test.each(Object.entries(systemTables))(
  "%s has the columns that are documented",
  async (name, { columns }) => {
    await using opened = await open();
    const source = name === "sys_run_changes" ? "sys_run_changes(1, 2)" : name;
    const result = await opened.session.execute(`SELECT * FROM ${source}`);
    expect(result.columns.map((column) => column.name)).toEqual(Object.keys(columns));
    await result.close();
    const described = (await opened.rows(`DESCRIBE ${name}`)).filter(({ kind }) => kind === "column");
    const wanted = Object.entries(columns).map(([column, words]) => [column, words.type, words.summary]);
    expect(described.map((row) => [row["name"], row["type"], row["remarks"]])).toEqual(wanted);
  },
);

test.each<[kind: ApiFailure["kind"], status: number | undefined, code: string]>([
  ["cancelled", undefined, "call/cancelled"],
  ["network", undefined, "connect/unreachable"],
  ["redirect", undefined, "connect/redirect"],
  ["credentials", undefined, "connect/refused"],
  ["http", 403, "connect/refused"],
  ["http", 500, "connect/no-model-list"],
])("a list of models that fails with %s %s is %s", async (kind, status, code) => {
  const failure = { kind, message: "no", ...(status === undefined ? {} : { status }) };
  const connection = {
    ...echoConnection((_, x) => x),
    listModels: async () => ({ ok: false as const, failure }),
  };
  await using session = await openSession({ connection });
  await expect(session.refreshModels()).rejects.toMatchObject({ code });
});

test("a connection that lists no models says so", async () => {
  await using opened = await open();
  await expect(opened.session.refreshModels()).rejects.toMatchObject({ code: "connect/no-model-list" });
});

test("numbers and texts are what the documentation says", async () => {
  await using opened = await open();
  const kinds: Record<string, string> = { text: "string", integer: "bigint", real: "number" };
  for (const name of [
    "sys_procedures",
    "sys_procedure_parameters",
    "sys_procedure_columns",
    "sys_options",
  ] as const) {
    for await (const row of await opened.session.execute(`SELECT * FROM ${name}`)) {
      for (const [column, { type }] of Object.entries(systemTables[name].columns)) {
        const value: unknown = Object.entries(row).find(([key]) => key === column)?.[1];
        if (value === null || type === "any") continue;
        const found = typeof value === "number" && Number.isInteger(value) ? "bigint" : typeof value;
        expect([name, column, found]).toEqual([name, column, type === "real" ? found : kinds[type]]);
      }
    }
  }
});

test("DESCRIBE knows the user's tables and views, with keys and defaults", async () => {
  await using opened = await open();
  await opened.session.execute("CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT NOT NULL DEFAULT 'x', c)");
  await opened.session.execute("CREATE VIEW v AS SELECT a, b FROM t");
  const rows = await opened.rows("DESCRIBE t");
  expect(rows.map((row) => Object.values(row))).toEqual([
    ["key column", 1, "a", "INTEGER", 0, null, null],
    ["column", 2, "b", "TEXT", 1, "'x'", null],
    ["column", 3, "c", null, 0, null, null],
  ]);
  expect((await opened.rows("DESCRIBE V")).map((row) => row["name"])).toEqual(["a", "b"]);
});

test("DESCRIBE of nothing proposes what is near, be it a procedure, a table or a system table", async () => {
  await using opened = await open();
  await opened.session.execute("CREATE TABLE tickets(a)");
  for (const [wrong, right] of [
    ["GetEmbedings", "GetEmbeddings"],
    ["ticket", "tickets"],
    ["sys_cals", "sys_calls"],
  ]) {
    await expect(opened.session.execute(`DESCRIBE ${wrong}`)).rejects.toMatchObject({
      code: "bind/unknown-name",
      diagnostics: [{ hint: `did you mean "${right}"?` }],
    });
  }
});
