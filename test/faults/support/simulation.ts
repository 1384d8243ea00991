/**
 * Buying under a seed (reference reliability.md, F21): virtual time, a service that fails in every way we know, a disk
 * that commits in groups and may be full, Ctrl-C, caps, and a crash between any two events. Everything between the calls
 * of a statement and the disk is the real thing: buy, budget, dispatcher, packs, the ledger's SQL, resuming. One seed is
 * one history, always the same.
 */
import { DiagnosticError, type SqlValue } from "../../../src/index.ts";
import type { Outcome, Procedure } from "../../../src/catalog/procedure.ts";
import type {
  ApiFailure,
  ApiRequest,
  Connection,
  SendOptions,
  SendOutcome,
} from "../../../src/catalog/request.ts";
import { diagnostic } from "../../../src/diagnostics/diagnostic.ts";
import { Budget, type BudgetStore } from "../../../src/runtime/budget.ts";
import { buy, type Market } from "../../../src/runtime/buy.ts";
import { noCounts } from "../../../src/runtime/counts.ts";
import type { Clock } from "../../../src/runtime/dispatch/clock.ts";
import { Dispatcher } from "../../../src/runtime/dispatch/dispatcher.ts";
import { Estimator } from "../../../src/runtime/estimate.ts";
import { Ledger } from "../../../src/runtime/ledger/ledger.ts";
import type { Run } from "../../../src/runtime/ledger/runs.ts";
import { CallKeys, type Answer, type Call } from "../../../src/runtime/memo.ts";
import { Sellers } from "../../../src/runtime/sellers.ts";
import { StatementRecord } from "../../../src/runtime/statement-record.ts";
import type { Workspace } from "../../../src/runtime/workspace.ts";
import { find, models } from "../../procedures/support/calls.ts";
import { VirtualClock } from "../../runtime/dispatch/virtual-clock.ts";

/** What happened under a seed. */
export interface History {
  readonly calls: number;
  readonly crashes: number;
  readonly charged: number;
  /** Calls that may have been paid without an answer. */
  readonly unknown: number;
}

/** Throws when something is promised and not so. */
export async function simulate(seed: number): Promise<History> {
  const random = randomOf(seed);
  const plan = planOf(random);
  const disk = new Disk();
  const service = new Service(disk, random);
  let crashes = 0;
  for (let life = 0; ; life++) {
    // From then on only the service makes trouble.
    const isLast = life >= plan.disturbedLives;
    const world = new World(!isLast && random() < 0.8 ? 1 + Math.floor(random() * 3 * plan.calls) : Infinity);
    const run = disk.ledger.runs.begin({ kind: "script", name: "simulation", identity: "simulation" });
    const ended = await live(world, { plan, disk, service, random, run, isLast });
    if (ended === "crashed") crashes++;
    disk.check(service);
    if (ended === "whole") break;
    expect(ends.has(ended), `a life ended with ${ended}`);
    expect(life < 100, "it does not come to an end");
    if (ended === "crashed") disk.crash();
    else disk.ledger.runs.end(run, "interrupted");
  }
  const { charged } = service;
  const unknown = disk.count("status = 'unknown'");
  disk.ledger.close();
  return { calls: plan.calls, crashes, charged, unknown };
}

const ends = new Set([
  "crashed",
  "call/cancelled",
  "call/budget-reached",
  "connect/refused",
  "connect/unreachable",
  "ledger/unwritable",
]);

interface Plan {
  readonly procedure: Procedure;
  readonly calls: number;
  readonly concurrency: number;
  readonly packMax: number;
  readonly disturbedLives: number;
}

type Random = () => number;

function planOf(random: Random): Plan {
  return {
    procedure: find(random() < 0.5 ? "GenerateResponse" : "GetEmbeddings"),
    calls: 1 + Math.floor(random() * 40),
    concurrency: 1 + Math.floor(random() * 8),
    packMax: 1 + Math.floor(random() * 10),
    disturbedLives: Math.floor(random() * 5),
  };
}

/** Mulberry32. */
function randomOf(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function expect(isSo: boolean, what: string): void {
  if (!isSo) throw new Error(what);
}

/** One life of the process: until its last event nothing is lost, and after it nothing happens. */
class World implements Clock {
  readonly #clock = new VirtualClock();
  #eventsLeft: number;

  constructor(events: number) {
    this.#eventsLeft = events;
  }

  get isDead(): boolean {
    return this.#eventsLeft <= 0;
  }

  now(): number {
    return this.#clock.now();
  }

  after(ms: number, work: () => void): () => void {
    return this.#clock.after(ms, () => {
      this.#eventsLeft--;
      if (!this.isDead) work();
    });
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.after(ms, resolve));
  }

  /** Undefined: it died before. */
  async run<T>(work: Promise<T>): Promise<T | undefined> {
    try {
      return await this.#clock.run(work);
    } catch (error) {
      if (this.isDead) return undefined;
      throw error;
    }
  }
}

interface Life {
  readonly plan: Plan;
  readonly disk: Disk;
  readonly service: Service;
  readonly random: Random;
  readonly run: Run;
  readonly isLast: boolean;
}

/** How it ended: `whole`, `crashed`, or the code of an error. */
async function live(world: World, life: Life): Promise<string> {
  const { plan, disk, random, isLast } = life;
  const stop = new AbortController();
  disk.isFull = false;
  if (!isLast && random() < 0.15) world.after(random() * 3000, () => stop.abort());
  if (!isLast && random() < 0.1) world.after(random() * 3000, () => (disk.isFull = true));
  const caps = !isLast && random() < 0.2 ? { max_cost: 1e-5 * plan.calls * random() } : {};
  const market = marketOf(world, life, { caps, signal: stop.signal });
  const answers = new Map<string, Answer>();
  const calls = callsOf(plan);
  const work = buy(
    { calls, mayGrow: false },
    {
      size: calls.length,
      store: (call: Call, answer: Answer, recorded?: number) => {
        disk.checkShown(call, answer, recorded);
        answers.set(call.key, answer);
      },
    },
    market,
  ).then(
    () => "whole",
    (error: unknown) => {
      if (error instanceof DiagnosticError) return error.code;
      throw error;
    },
  );
  const ended = await world.run(work);
  expect(market.counts.costUsd <= (caps.max_cost ?? Infinity) + 1e-12, "more was spent than the cap allows");
  if (ended === undefined) return "crashed";
  if (ended === "whole") expect(answers.size === calls.length, "a call has no answer and no error");
  return ended;
}

function callsOf({ procedure, calls }: Plan): Call[] {
  const keys = new CallKeys(true);
  return Array.from({ length: calls }, (_, index) => {
    const given: Record<string, SqlValue> = { MaxOutputTokens: 16n };
    // The first parameter is the text of both.
    const [first] = procedure.parameters;
    if (first !== undefined) given[first.name] = index % 13 === 12 ? `bad ${index}` : `text ${index}`;
    const values = procedure.parameters.map(({ name }) => given[name] ?? null);
    return { key: keys.next(procedure, values), procedure, values };
  });
}

interface Around {
  readonly caps: { readonly max_cost?: number };
  readonly signal: AbortSignal;
}

function marketOf(
  world: World,
  { plan, disk, service, random, run }: Life,
  { caps, signal }: Around,
): Market {
  const connection = {
    name: "simulated",
    identity: "simulated",
    models,
    packMax: plan.packMax,
    send: (request: ApiRequest, options: SendOptions) => service.send(world, request, options),
  };
  const ledger = disk.in(world, random);
  const options = { number: (name: string) => (name === "max_cost" ? caps.max_cost : undefined) };
  const unlimited: BudgetStore = { hold: () => ({ settle: () => undefined }), total: () => 0 };
  const backoff = { baseMs: 500, capMs: 20_000, random };
  const dispatching = {
    concurrency: plan.concurrency,
    attemptsMax: 4,
    timeoutMs: 5000,
    backoff,
    clock: world,
  };
  const workspace = workspaceOf({
    ledger,
    run,
    connection,
    dispatcher: new Dispatcher(connection, dispatching),
  });
  return {
    sellers: new Sellers(workspace, undefined),
    ledger,
    record: new StatementRecord(workspace),
    reuse: { scope: "run", run: () => run, isRetry: false },
    isReplay: false,
    budget: new Budget(options, unlimited),
    estimator: new Estimator(),
    concurrency: plan.concurrency,
    counts: noCounts(),
    today: "2026-10-06",
    modelTable: undefined,
    signal,
    // What is in flight always arrives: cutting it off is a crash.
    drainMs: 1_000_000,
    onProgress: undefined,
    onWarning: () => undefined,
  };
}

interface Parts {
  readonly ledger: Ledger;
  readonly run: Run;
  readonly connection: Connection;
  readonly dispatcher: Dispatcher;
}

/** As much of one as sellers and a record without a statement use. */
function workspaceOf({ ledger, run, connection, dispatcher }: Parts): Workspace {
  return {
    ledger: () => ledger,
    runs: { get: () => run },
    findConnection: async () => connection,
    dispatcherFor: () => dispatcher,
    options: { models: () => models },
    defaults: { over: () => ({}) },
  } as unknown as Workspace;
}

/** What survives: the ledger in memory stands for what was synced, and everything else waits for the next commit. */
class Disk {
  readonly ledger = new Ledger(":memory:");
  isFull = false;

  /** The ledger as one life of the process sees it. */
  in(world: World, random: Random): Ledger {
    let waiting: { readonly write: () => unknown; readonly settle: (how: () => unknown) => void }[] = [];
    const commit = <T>(write: () => Promise<T>): Promise<T> => {
      const { promise, resolve, reject } = Promise.withResolvers<T>();
      const settle = (how: () => unknown): void => {
        try {
          resolve(how() as Promise<T>);
        } catch (error) {
          reject(error);
        }
      };
      waiting.push({ write, settle });
      if (waiting.length === 1) {
        world.after(random() * 10, () => {
          const batch = waiting;
          waiting = [];
          for (const { write: one, settle: end } of batch) end(this.isFull ? noSpace : one);
        });
      }
      return promise;
    };
    const { ledger } = this;
    const seen: Pick<Ledger, "lookAhead" | "find" | "read" | "started" | "ended" | "refused" | "withdrawn"> =
      {
        lookAhead: () => ledger.lookAhead(),
        find: (key, reuse) => ledger.find(key, reuse),
        read: (id): Outcome => ledger.read(id),
        started: (call, run) => commit(() => ledger.started(call, run)),
        ended: (id, end) => commit(() => ledger.ended(id, end)),
        refused: (call, run) => commit(() => ledger.refused(call, run)),
        withdrawn: (id) => commit(() => ledger.withdrawn(id)),
      };
    return seen as unknown as Ledger;
  }

  count(what: string, ...values: readonly SqlValue[]): number {
    return Number(
      this.ledger.db
        .prepare(`SELECT count(*) FROM calls WHERE ${what}`)
        .pluck()
        .get(...values),
    );
  }

  /** The process is gone; another will find what it left. */
  crash(): void {
    this.ledger.db.exec("UPDATE runs SET process = 1, process_start = 'before'");
  }

  checkShown({ values }: Call, answer: Answer, recorded: number | undefined): void {
    const input = String(values[0]);
    const [value] = answer.row;
    if (answer.error !== undefined) {
      // Others fail too, when their attempts are used up, but a bad one always does.
      expect(value === null, "an error has a value");
      return;
    }
    expect(!input.startsWith("bad"), "an answer to what is always refused");
    expect(String(value) === answerTo(input) || sameVector(value, input), `a wrong answer: ${String(value)}`);
    const isDurable = recorded !== undefined && this.count("id = ? AND status = 'succeeded'", recorded) === 1;
    expect(isDurable, "an answer was shown before it was on disk");
  }

  /** Every charge is an answer that is kept, one that a fault ate, or a call that the record lists. */
  check(service: Service): void {
    for (const [input, charges] of service.charges) {
      const listed = this.count(
        "json_extract(request, '$.input') = ? AND status IN ('succeeded', 'unknown', 'started')",
        input,
      );
      const eaten = service.eaten.get(input) ?? 0;
      expect(
        charges <= listed + eaten,
        `${input} was charged ${charges} times, ${listed} + ${eaten} are known`,
      );
    }
    const twice = this.count("status = 'succeeded'") - this.countKeys();
    expect(twice === 0, `${twice} calls have succeeded twice`);
  }

  countKeys(): number {
    const select = "SELECT count(DISTINCT key) FROM calls WHERE status = 'succeeded'";
    return Number(this.ledger.db.prepare(select).pluck().get());
  }
}

function noSpace(): never {
  throw new DiagnosticError([diagnostic("ledger/unwritable", { file: "simulated", reason: "disk is full" })]);
}

const answerTo = (input: string): string => `answer to ${input}`;
const vectorOf = (input: string): number[] => [input.length, Number(input.split(" ")[1])];

function sameVector(value: SqlValue | undefined, input: string): boolean {
  if (!(value instanceof Uint8Array)) return false;
  return Buffer.from(value).equals(Buffer.from(Float32Array.from(vectorOf(input)).buffer));
}

/** What may become of a request, and how likely; the rest is answered. */
const troubles = [
  { chance: 0.05, kind: "slow down, and when" },
  { chance: 0.03, kind: "slow down" },
  { chance: 0.05, kind: "server error" },
  { chance: 0.03, kind: "reset before the work" },
  { chance: 0.03, kind: "reset behind the work" },
  { chance: 0.03, kind: "half a body" },
  { chance: 0.02, kind: "hang" },
  { chance: 0.03, kind: "wrong count" },
  { chance: 0.005, kind: "key refused" },
] as const;

type Trouble = (typeof troubles)[number]["kind"] | "bad text" | "none";

const charging: ReadonlySet<Trouble> = new Set([
  "none",
  "reset behind the work",
  "half a body",
  "hang",
  "wrong count",
]);

/** It outlives every process. */
class Service {
  readonly charges = new Map<string, number>();
  /** Charges whose answers a fault has eaten, and the process has seen it. */
  readonly eaten = new Map<string, number>();
  readonly #disk: Disk;
  readonly #random: Random;

  constructor(disk: Disk, random: Random) {
    this.#disk = disk;
    this.#random = random;
  }

  get charged(): number {
    return [...this.charges.values()].reduce((sum, charges) => sum + charges, 0);
  }

  async send(
    world: World,
    { endpoint, body }: ApiRequest,
    { signal, timeoutMs }: SendOptions,
  ): Promise<SendOutcome> {
    const inputs = [body["input"]].flat().map(String);
    for (const input of inputs) this.#checkSent(input);
    const trouble = this.#troubleOf(inputs);
    // Charged when it has left, whatever becomes of the process.
    if (charging.has(trouble)) for (const input of inputs) add(this.charges, input);
    await world.pause(trouble === "hang" ? timeoutMs : 20 + this.#random() * 400);
    if (signal.aborted) return refused({ kind: "cancelled", message: "cancelled" });
    if (trouble !== "none" && charging.has(trouble)) for (const input of inputs) add(this.eaten, input);
    return this.#outcome(trouble, endpoint, inputs);
  }

  /** Written down before, and not bought before. */
  #checkSent(input: string): void {
    const where = "json_extract(request, '$.input') = ? AND status = ?";
    expect(this.#disk.count(where, input, "started") === 1, `${input} was sent without a record`);
    expect(
      this.#disk.count(where, input, "succeeded") === 0,
      `${input} was sent though its answer is recorded`,
    );
  }

  #troubleOf(inputs: readonly string[]): Trouble {
    if (inputs.some((input) => input.startsWith("bad"))) return "bad text";
    let dice = this.#random();
    for (const { chance, kind } of troubles) {
      dice -= chance;
      if (dice < 0) return kind === "wrong count" && inputs.length === 1 ? "none" : kind;
    }
    return "none";
  }

  #outcome(trouble: Trouble, endpoint: string, inputs: readonly string[]): SendOutcome {
    switch (trouble) {
      case "bad text":
        return refused({ kind: "http", status: 400, code: "invalid_prompt", message: "bad" });
      case "slow down, and when":
        return refused({
          kind: "http",
          status: 429,
          message: "slow down",
          retryAfterMs: this.#random() * 2000,
        });
      case "slow down":
        return refused({ kind: "http", status: 429, message: "slow down" });
      case "server error":
        return refused({ kind: "http", status: 500, message: "oops" });
      case "reset before the work":
      case "reset behind the work":
        return refused({ kind: "network", message: "reset" });
      case "half a body":
        return refused({ kind: "bad-answer", status: 200, message: "cut" });
      case "hang":
        return refused({ kind: "timeout", message: "too late" });
      case "key refused":
        return refused({ kind: "http", status: 401, message: "no such key" });
      case "wrong count":
        return answered(endpoint, inputs.slice(1), this.#random);
      case "none":
        return answered(endpoint, inputs, this.#random);
    }
  }
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function refused(failure: ApiFailure): SendOutcome {
  return { ok: false, failure };
}

function answered(endpoint: string, inputs: readonly string[], random: Random): SendOutcome {
  return {
    ok: true,
    answer: {
      body: endpoint === "embeddings" ? vectors(inputs, random) : response(inputs[0] ?? ""),
      status: 200,
      contentType: "application/json",
    },
  };
}

/** In any order: answers go by their index. */
function vectors(inputs: readonly string[], random: Random): unknown {
  const data = inputs.map((input, index) => ({ index, embedding: vectorOf(input) }));
  if (random() < 0.3) data.reverse();
  return {
    data,
    model: models.embedding,
    usage: { prompt_tokens: inputs.length, total_tokens: inputs.length },
  };
}

function response(input: string): unknown {
  const content = [{ type: "output_text", text: answerTo(input), annotations: [] }];
  return {
    id: "resp_1",
    status: "completed",
    model: models.text,
    output: [{ type: "message", role: "assistant", content }],
    usage: { input_tokens: 2, output_tokens: 8, total_tokens: 10 },
  };
}
