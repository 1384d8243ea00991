/** The record of calls on the command line: replay as a test without a network, retry, diff, prune. */
import { copyFileSync, readFileSync, rmSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { faults, startOpenAIServer, type OpenAIServer } from "../support/openai-server.ts";
import { callsql, type Finished } from "./support/process.ts";

const folder = mkdtempSync(join(tmpdir(), "callsql-runs-"));
let server: OpenAIServer;
beforeAll(async () => {
  server = await startOpenAIServer();
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const ledger = (name: string): readonly string[] => ["--ledger", join(folder, `${name}-ledger.db`)];
const run = (...args: readonly string[]): Promise<Finished> =>
  callsql(args, { env: { OPENAI_API_KEY: "sk-test-12345678", OPENAI_BASE_URL: server.url } });

const script = join(folder, "script.sql");
writeFileSync(
  script,
  `CREATE TABLE t AS SELECT value AS id, 'ticket ' || value AS body FROM json_each('[1,2,3,4,5]');
   SELECT id, GenerateResponse(body) AS reply, length(GetEmbeddings(body, Dimensions => 16)) AS bytes FROM t;
   SELECT count(*), sum(c.Flagged) FROM t, ModerateText(t.body) c;`,
);

describe("--replay", () => {
  test("a script with its ledger is a test without a network: same bytes, no request, record unchanged", async () => {
    const own = ledger("replay");
    const first = await run("run", script, join(folder, "first.db"), ...own, "-o", "json");
    expect(first.code, first.stderr).toBe(0);
    const recorded = readFileSync(own[1] ?? "");
    const before = server.requests.length;
    const replayed = await run("run", script, join(folder, "second.db"), ...own, "--replay", "-o", "json");
    expect(replayed.code, replayed.stderr).toBe(0);
    expect(replayed.stdout).toBe(first.stdout);
    expect(server.requests).toHaveLength(before);
    expect(readFileSync(own[1] ?? "").equals(recorded)).toBe(true);
  });

  test("a call that is not in the record ends it with exit 1", async () => {
    const { code, stderr } = await run("-c", "CALL GenerateResponse('new')", ...ledger("replay"), "--replay");
    expect(code).toBe(1);
    expect(stderr).toContain("ledger/not-recorded");
  });
});

describe("callsql retry", () => {
  test("calls again what failed, in the database of the run, and names what there is to do", async () => {
    const own = ledger("retry");
    const database = join(folder, "retry.db");
    server.script(faults.contentPolicy({ when: ({ body }) => body["input"] === "row 2" }));
    const sql = `CREATE TABLE t(id INTEGER PRIMARY KEY, reply);
      INSERT OR REPLACE INTO t SELECT value, GenerateResponse('row ' || value) FROM json_each('[1,2,3]')`;
    const first = await run("-c", sql, "--db", database, ...own);
    expect(first.code).toBe(5);
    const listed = await run("runs", ...own, "-o", "csv");
    expect(listed.stdout).toMatch(/^1,session,session,finished,[^,]+,2,1,0,/m);
    server.heal();
    const retried = await run("retry", ...own);
    expect(retried, retried.stderr).toMatchObject({ code: 0 });
    expect(retried.stderr).toMatch(/1 call made \(2 cached\)/);
    const db = new Database(database, { readonly: true });
    expect(db.prepare("SELECT count(reply) FROM t").pluck().get()).toBe(3);
    db.close();
    const again = await run("retry", ...own);
    expect(again.code).toBe(2);
    expect(again.stderr).toContain("ledger/nothing-failed");
    expect((await run("retry", "99", ...own)).stderr).toContain("ledger/unknown-run");
    expect((await run("retry", "x", ...own)).stderr).toContain("ledger/unknown-run");
  });

  test("a -c whose statement failed is listed as failed", async () => {
    const own = ledger("failed");
    server.script(faults.contentPolicy());
    const first = await run("-c", "CALL GenerateResponse('x'); SELECT 1", ...own);
    server.heal();
    expect(first.code).toBe(1);
    expect((await run("runs", ...own, "-o", "csv")).stdout).toMatch(
      /^1,session,session,failed,[^,]+,0,1,0,/m,
    );
    expect((await run("runs", "1", ...own, "-o", "csv")).stdout).toContain("content_policy_violation,1");
  });
});

describe("callsql runs", () => {
  const own = ledger("runs");
  test("diff shows which answers changed", async () => {
    const ask = 'SELECT GenerateResponse(value) FROM json_each(\'["one","two"]\')';
    await run("-c", ask, ...own);
    server.answerWith(({ body }) =>
      body["input"] === "two"
        ? {
            status: "completed",
            output: [{ type: "message", content: [{ type: "output_text", text: "2" }] }],
          }
        : undefined,
    );
    await run("-c", ask, ...own);
    server.answerWith(undefined);
    const { code, stdout } = await run("runs", "diff", "1", "2", "--json", ...own);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject(
      [{ change: "changed", procedure: "GenerateResponse", before: /^Reply .*: two$/, after: "2" }].map(
        (row) => ({ ...row, before: expect.stringMatching(row.before) }),
      ),
    );
    expect((await run("runs", "diff", "1", "1", "-o", "csv", ...own)).stdout.trim().split("\n")).toHaveLength(
      1,
    );
  });

  test("verify: a sound record, and one whose answer was damaged, by its id", async () => {
    const sound = await run("runs", "verify", "-o", "csv", ...own);
    expect(sound).toMatchObject({ code: 0, stderr: "" });
    expect(sound.stdout).toMatch(
      /^part,checked,damaged\nfile,\d+,0\nruns,2,0\nstatements,2,0\ncalls,4,0\nblobs,0,0\n$/,
    );
    const damaged = join(folder, "damaged.db");
    copyFileSync(own[1] ?? "", damaged);
    const db = new Database(damaged);
    db.exec("UPDATE calls SET response = substr(response, 2) WHERE id = 3");
    db.close();
    const found = await run("runs", "verify", "--json", "--ledger", damaged);
    expect(found.code).toBe(1);
    expect(JSON.parse(found.stdout)).toContainEqual({ part: "calls", checked: 4, damaged: 1 });
    expect(found.stderr).toContain("error[ledger/damaged-row]: call 3: its answer cannot be read");
    expect(found.stderr).toContain('"DELETE FROM calls WHERE id = 3"');
  });

  test("prune forgets, and gives the space back", async () => {
    const { code, stderr } = await run("runs", "prune", "0", ...own);
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining("2 runs removed") });
    const { stdout } = await run("runs", "-o", "csv", ...own);
    expect(stdout.trim().split("\n")).toHaveLength(1);
  });

  test.each([
    [["runs", "diff", "1"], "cli/usage"],
    [["runs", "diff", "1", "99"], "ledger/unknown-run"],
    [["runs", "prune"], "cli/usage"],
    [["runs", "prune", "soon"], "cli/usage"],
    [["runs", "prune", ""], "cli/usage"],
    [["runs", "prune", "1e3"], "cli/usage"],
    [["runs", "--prune", "-1"], "cli/usage"],
    [["runs", "1", "2"], "cli/usage"],
    [["runs", "99"], "ledger/unknown-run"],
    [["runs", "1.5"], "ledger/unknown-run"],
  ])("%j is refused", async (args, code) => {
    const finished = await run(...args, ...own);
    expect(finished.code).toBe(2);
    expect(finished.stderr).toContain(code);
  });
});
