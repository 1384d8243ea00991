/**
 * The example for support inboxes, as its README tells to run it: offline, through run.js, in a child process.
 * Asserts what must hold whatever the small models think of a single ticket, and that the README shows real output.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSession, type Session, type SqlValue } from "../../src/index.ts";
import { temporaryFolder } from "./support/folder.ts";
import { root, runNode, type Finished } from "./support/process.ts";

const folder = temporaryFolder();
const database = join(folder.path, "support.db");
const readme = outputShown("examples/support/README.md");
const frontPage = outputShown("README.md");

let first: Finished;
let session: Session;
beforeAll(async () => {
  first = await runNode(["examples/support/run.js", "--db", database]);
  session = await openSession({ database });
}, 180_000);
afterAll(async () => {
  await session?.close();
  folder.remove();
});

async function rows(sql: string, binds = {}): Promise<Record<string, SqlValue>[]> {
  return (await session.execute(sql, binds)).all();
}

test("it ends well, without a warning", () => {
  expect(first.stderr).not.toMatch(/error\[|warning\[/);
  expect(first).toMatchObject({ code: 0, signal: null });
});

test("its README shows what it prints, but for the seconds", () => {
  expect(readme.map(withoutSeconds)).toEqual([withoutSeconds(`${first.stdout}\n${summary()}\n`)]);
});

test("the front page shows the first table and the last line", () => {
  const [table = ""] = first.stdout.split("\n\n");
  expect(frontPage.map(withoutSeconds)).toEqual([`${table}\n`, withoutSeconds(`${summary()}\n`)]);
});

describe("the database it leaves", () => {
  test("has every ticket in the report or among the held, and none in both", async () => {
    const [found] = await rows(`
      SELECT (SELECT count(*) FROM tickets) AS tickets,
             (SELECT sum(times_sent) FROM report) AS reported,
             (SELECT count(*) FROM report) AS report_rows,
             (SELECT count(*) FROM held) AS held,
             (SELECT count(*) FROM report WHERE ticket_id IN (SELECT ticket_id FROM held)) AS in_both`);
    expect(found).toEqual({ tickets: 240, reported: 217, report_rows: 206, held: 23, in_both: 0 });
  });

  test("has a category of the list, or (too short), for every reported ticket", async () => {
    const script = readFileSync(join(root, "examples/support/support.sql"), "utf8");
    const listed = [...script.matchAll(/^\s+"([^"]+)":\s+"/gm)].map(([, name]) => name ?? "");
    expect(listed).toHaveLength(6);
    const found = await rows("SELECT DISTINCT category FROM report ORDER BY category");
    expect(found.map(({ category }) => category)).toEqual([...listed, "(too short)"].toSorted());
    const short = await rows(
      "SELECT ticket_id FROM report JOIN tickets ON id = ticket_id WHERE (category = '(too short)') <> (length(trim(body)) < 20)",
    );
    expect(short).toEqual([]);
  });

  test("holds back the worst, and says why", async () => {
    const [found] = await rows("SELECT count(*) AS n FROM held WHERE reasons IS NULL OR reasons = ''");
    expect(found).toEqual({ n: 0 });
  });

  test("agrees with the hand-made labels on at least 6 of 10", async () => {
    const labels = readFileSync(join(root, "examples/support/tickets-labels.csv"), "utf8")
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => line.split(","));
    expect(labels).toHaveLength(60);
    const triaged = new Map(
      (await rows("SELECT ticket_id, category FROM triage")).map((row) => [
        row["ticket_id"],
        row["category"],
      ]),
    );
    const agreeing = labels.filter(([id, category]) => triaged.get(Number(id)) === category);
    expect(agreeing.length / labels.length).toBeGreaterThanOrEqual(0.6);
  });

  test("has a vector and a nearest article for every sorted ticket, and no failed call", async () => {
    const [found] = await rows(`
      SELECT count(*) AS n, sum(embedding IS NULL) AS bare, sum(category IS NULL) AS unsorted,
             (SELECT count(*) FROM nearest) AS nearest, sum(summary IS NOT NULL) > 0 AS has_summaries
      FROM triage`);
    expect(found).toEqual({ n: 205, bare: 0, unsorted: 0, nearest: 205, has_summaries: 1 });
  });
});

test("a second run over the same database gives the same", async () => {
  const again = await runNode(["examples/support/run.js", "--db", database]);
  expect(again.code).toBe(0);
  expect(again.stdout).toBe(first.stdout);
}, 180_000);

/** The fenced texts between the marks of a page that shows the example's output. */
function outputShown(page: string): string[] {
  const [, shown = ""] =
    /<!-- output -->\n(.*?)<!-- \/output -->/s.exec(readFileSync(join(root, page), "utf8")) ?? [];
  return [...shown.matchAll(/^```\n(.*?)^```$/gms)].map(([, text = ""]) => text);
}

function summary(): string {
  return first.stderr.trimEnd().split("\n").at(-1) ?? "";
}

function withoutSeconds(text: string): string {
  return text.replace(/, (?:\d+(?:\.\d+)? s|\d+:\d\d), /, ", … s, ");
}
