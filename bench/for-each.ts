/**
 * What executeForEach holds in memory: 100,000 rows in a process of its own, its peak against 300 MB. Node lets garbage pile
 * up to some 400 MB before it looks, whatever is alive; so the process is told not to, and what it needs without being
 * told is shown beside. The test server runs in this process. `node bench/for-each.ts [rows]`, a few minutes.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { openSession } from "../src/index.ts";
import { startOpenAIServer } from "../test/support/openai-server.ts";
import { publish, type Finding } from "./harness.ts";

const megabyte = 2 ** 20;
const boundMb = 300;
const rowsDefault = 100_000;
/** Megabytes. */
const frugal = ["--max-old-space-size=128", "--max-semi-space-size=8"];
const commands = {
  generate: "CALL GenerateResponse('Answer in one line: ' || :body)",
  embed: "CALL GetEmbeddings(:body, Dimensions => 256)",
};

interface Measured {
  readonly peakMb: number;
  readonly seconds: number;
}

const [first, rows, url] = process.argv.slice(2);
if (url === undefined) await compare(Number(first ?? rowsDefault));
else console.log(JSON.stringify(await measure(first ?? "", Number(rows), url)));

/** In the child. */
async function measure(name: string, count: number, server: string): Promise<Measured> {
  const startedAt = performance.now();
  await using session = await openSession({
    connection: "openai",
    env: { OPENAI_API_KEY: "sk-bench", OPENAI_BASE_URL: server },
  });
  await session.execute("SET concurrency = 32");
  function* inputs() {
    for (let id = 0; id < count; id++)
      yield { id, body: `row ${id} ${"some words of a ticket ".repeat(10)}` };
  }
  let matched = 0;
  for await (const out of session.executeForEach(readCommand(name), inputs())) {
    if (out.output === "matched" && out.index === matched) matched++;
  }
  if (matched !== count) throw new Error(`${matched} of ${count} rows have an output in order`);
  const peakMb = Math.round((process.resourceUsage().maxRSS * 1024) / megabyte);
  return { peakMb, seconds: Math.round((performance.now() - startedAt) / 1000) };
}

function readCommand(name: string): string {
  return commands[name as keyof typeof commands];
}

async function compare(count: number): Promise<void> {
  await using server = await startOpenAIServer();
  const run = async (name: string, flags: readonly string[]): Promise<Measured> => {
    const args = [...flags, import.meta.filename, name, String(count), server.url];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    server.reset();
    return JSON.parse(stdout) as Measured;
  };
  const findings: Finding[] = [];
  for (const name of Object.keys(commands)) {
    const told = await run(name, frugal);
    const untold = await run(name, []);
    findings.push({
      what: `${count} rows of ${readCommand(name)}: peak memory`,
      against: `${boundMb} MB`,
      ratio: told.peakMb / boundMb,
      goal: { atMost: 1 },
      detail: `${told.peakMb} MB, ${told.seconds} s with ${frugal.join(" ")}; without: ${untold.peakMb} MB, ${untold.seconds} s`,
    });
  }
  publish("for-each", "executeForEach: memory", findings);
}
