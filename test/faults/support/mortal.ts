/**
 * A process that runs one script and kills itself at a point of a call's life: `node mortal.ts JSON`. Without a point it
 * comes to its end and prints the rows.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { createOpenAIConnection } from "../../../src/connection/openai.ts";
import { openSession, type Connection } from "../../../src/index.ts";
import { Ledger } from "../../../src/runtime/ledger/ledger.ts";

export type Point =
  | "before its record"
  | "before it is sent"
  | "after it is sent"
  | "when its reply is read"
  | "before its answer is written"
  | "after its answer is written"
  | "before it is shown";

export interface Life {
  readonly ledger: string;
  readonly url: string;
  readonly sql: string;
  readonly concurrency: number;
  readonly end?: { readonly at: Point; readonly call: number };
}

const [life] = process.argv.slice(2).map((text) => JSON.parse(text) as Life);
if (life !== undefined) await live(life);

async function live({ ledger, url, sql, concurrency, end }: Life): Promise<void> {
  let seen = 0;
  const die = (at: Point): void => {
    if (end?.at === at && ++seen === end.call) process.kill(process.pid, "SIGKILL");
  };
  const own = createOpenAIConnection({ name: "openai", apiKey: "sk-test-0123456789", baseUrl: url });
  const send: Connection["send"] = async (request, options) => {
    die("before it is sent");
    const sent = own.send(request, options);
    // By then it has left this process: the service takes longer for its answer.
    void sleep(20).then(() => die("after it is sent"));
    const outcome = await sent;
    die("when its reply is read");
    return outcome;
  };
  watch("started", () => die("before its record"));
  watch(
    "ended",
    () => die("before its answer is written"),
    () => die("after its answer is written"),
  );
  await using session = await openSession({ connection: { ...own, send }, ledger });
  session.beginRun({ name: "mortal", identity: "mortal" });
  await session.execute(`SET concurrency = ${concurrency}`);
  const rows = await (await session.execute(sql)).all();
  die("before it is shown");
  console.log(JSON.stringify(rows));
  session.endRun("finished");
}

function watch(method: "started" | "ended", before: () => void, after = (): void => undefined): void {
  const real = Ledger.prototype[method] as (...values: unknown[]) => Promise<unknown>;
  const watched = async function (this: Ledger, ...values: unknown[]): Promise<unknown> {
    before();
    const result = await real.apply(this, values);
    after();
    return result;
  };
  Object.assign(Ledger.prototype, { [method]: watched });
}
