/**
 * The loop: a pass, the calls it lacked, the next pass, until one lacks nothing (2-runtime, 2.1).
 * What a round may buy is decided in pass.ts and here; how calls are bought is buy.ts's.
 */
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import Database from "better-sqlite3";
import { fail } from "../diagnostics/diagnostic.ts";
import type { Call } from "./memo.ts";
import type { Purchases } from "./purchases.ts";
import { runPass, type Attempt, type Clean, type Missed, type PassOutcome, type Stage } from "./pass.ts";
import { nullPlaceholder, probes, type Placeholder } from "./placeholder.ts";

/** New calls a pass may hold at most, however far the window has grown. */
const windowCap = 50_000;
const windowGrowth = 4;
/** Of a statement that may stop early: new calls at most, by those it had. It has needed those, it may need these. */
const guessedShare = 1 / 8;

/**
 * The clean pass; its savepoint is open, and calls that turned out not to be needed may be. Throws what runPass and
 * buying throw.
 */
export async function replay(stage: Stage, windowStart: number, purchases: Purchases): Promise<Clean> {
  let windowMax = windowStart;
  let expected: Call | undefined;
  let placeholder = nullPlaceholder;
  let dataVersion = dataVersionOf(stage);
  for (;;) {
    const startedAt = performance.now();
    const attempt = { placeholder, windowMax, expected: expected?.key, open: purchases.open() };
    const outcome = await whenFree(stage, () =>
      stage.plan.isCertain ? runPass(stage, attempt) : probe(stage, attempt),
    );
    const isSameData = dataVersionOf(stage) === dataVersion;
    if (!outcome.askedExpected && isSameData && outcome.kind === "missed" && expected !== undefined) {
      fail("plan/unstable-arguments", { procedure: expected.procedure.name });
    }
    if (outcome.kind === "clean") return outcome;
    if (outcome.pending.length === 0 && !purchases.isBuying)
      fail("internal/bug", { what: "a call was bought and has no answer" });
    await hear(startedAt);
    dataVersion = dataVersionOf(stage);
    expected = outcome.first;
    // A function over the placeholder failed: a real answer in its place lets the next pass see further.
    if (outcome.failed) placeholder = { kind: "recent", age: 0 };
    purchases.add({ calls: outcome.pending, mayGrow: outcome.isFull });
    // Enough calls stay open to keep every place in flight filled during the next pass; none where this one has seen all
    // there is to see without their answers, or where placeholders are told apart.
    const isOver = !outcome.isFull || !stage.plan.isCertain;
    await purchases.untilBelow(isOver ? 0 : Math.min(Math.floor(purchases.openCount / 2), 2 * windowStart));
    const grown = stage.plan.hasLimit ? stage.memo.size * guessedShare : windowMax * windowGrowth;
    windowMax = Math.min(windowCap, Math.max(windowMax, Math.floor(grown)));
  }
}

/** A pass that another process's write has overtaken is run again: its calls are paid for already. */
async function whenFree(stage: Stage, pass: () => PassOutcome): Promise<PassOutcome> {
  for (let tries = 1; ; tries++) {
    try {
      return pass();
    } catch (error) {
      const isBusy = error instanceof Database.SqliteError && error.code.startsWith("SQLITE_BUSY");
      // A transaction of the user's is theirs to begin again.
      if (!isBusy || stage.db.inTransaction || tries >= busyTriesMax) throw error;
      await sleep(busyWaitMs);
    }
  }
}

/** A pass that took longer may have missed something. */
const deafMs = 20;

/**
 * While SQLite computes nothing is heard. What came meanwhile (Ctrl-C, the end of the process that started this one) takes
 * effect before anything is bought: two immediates, for the event loop hears between them.
 */
async function hear(since: number): Promise<void> {
  if (performance.now() - since < deafMs) return;
  await turn();
  await turn();
}

const busyTriesMax = 10;
const busyWaitMs = 50;

/**
 * A round where the statement may react to its own answers: a call is bought if the site that missed first asks for it
 * whatever it was told. The very first miss comes before any placeholder, so it is bought in any case.
 */
function probe(stage: Stage, attempt: Attempt): PassOutcome {
  let first: Missed | undefined;
  let common: readonly Call[] | undefined;
  let agreeing = 0;
  for (const placeholder of usefulProbes(stage)) {
    const outcome = runPass(stage, { ...attempt, placeholder });
    if (outcome.kind === "clean") return outcome;
    first ??= outcome;
    // A statement that fails when a single call has such an answer cannot succeed with it: this placeholder tells nothing.
    if (outcome.failed && outcome.isOneCall) continue;
    agreeing++;
    common = common === undefined ? outcome.pending : intersect(common, outcome.pending);
    if (common.length <= 1) break;
  }
  if (first === undefined) fail("internal/bug", { what: "no placeholder was tried" });
  const [certain] = first.pending;
  const others = agreeing >= agreeingMin ? (common ?? []).filter((call) => call.key !== certain?.key) : [];
  return { ...first, pending: certain === undefined ? others : [certain, ...others] };
}

/** Fewer placeholders that the statement survives prove nothing. */
const agreeingMin = 2;

/** Real answers are tried only where there are some. */
function usefulProbes(stage: Stage): readonly Placeholder[] {
  const procedures = new Set(stage.functions.names.map((name) => name.procedure));
  const recent = Math.max(0, ...[...procedures].map((procedure) => stage.memo.recentOf(procedure).length));
  return probes(stage.plan.literals, recent);
}

function intersect(calls: readonly Call[], others: readonly Call[]): readonly Call[] {
  const keys = new Set(others.map((call) => call.key));
  return calls.filter((call) => keys.has(call.key));
}

/** Changes when another connection has written to the database. */
function dataVersionOf({ db }: Stage): unknown {
  return db.pragma("data_version", { simple: true });
}
