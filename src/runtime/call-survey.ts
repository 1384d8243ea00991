/**
 * Which calls a statement would make, site by site, as far as that can be told without making them. What SQLite asks for
 * under several unlike placeholders is needed; what depends on answers that are not there cannot be counted. Sends nothing.
 */
import type { Source } from "../diagnostics/source.ts";
import type { CallSite, SqlStatement } from "../parser/syntax.ts";
import { Memo, type Answer, type Call } from "./memo.ts";
import { discard, runPass, type Asked, type Stage } from "./pass.ts";
import { nullPlaceholder, probes, type Placeholder } from "./placeholder.ts";
import { planStatement, type BoundValues, type Plan } from "./plan.ts";
import { siteName, type PrivateName } from "./private-name.ts";
import { guardedTable } from "./run-calls.ts";
import { bindStatement, rewriteStatement } from "./run-sql.ts";
import type { Workspace } from "./workspace.ts";

export interface Surveyed {
  readonly source: Source;
  readonly statement: SqlStatement;
  readonly binds: BoundValues;
}

export interface SurveyedSite {
  readonly name: PrivateName;
  /** Undefined for one in a view or a trigger. */
  readonly site: CallSite | undefined;
  /** Different ones that are asked for whatever the others answer, in the order SQLite asks. */
  readonly calls: readonly Call[];
  /** The most that were asked for under any placeholder. */
  readonly callsMax: number;
  /** `calls` are all there will be. */
  readonly isExact: boolean;
}

/** Passes until every answer is used that is known already. */
const roundsMax = 200;
/** Under a placeholder a recursion may have no end. */
const asksMax = 1_000_000;

/** Answers there are without sending anything. */
export interface KnownAnswers {
  known(call: Call): KnownAnswer | undefined;
  /** From the ledger. */
  recall(recorded: number, call: Call): Answer;
}

export interface KnownAnswer {
  readonly answer: Answer;
  /** The ledger's id, of an answer that stands there. */
  readonly recorded?: number;
}

/** In the order SQLite reaches them. Throws what SQLite throws. */
export function surveyCalls(
  workspace: Workspace,
  { source, statement, binds }: Surveyed,
  known: KnownAnswers,
): readonly SurveyedSite[] {
  const { db, functions, surroundings, options, files } = workspace;
  const bound = bindStatement(workspace, source, statement);
  const { text, sites } = rewriteStatement(workspace, source, statement, bound);
  const { names } = functions;
  const plan = planStatement(db, text, { binds, names, hasUpsert: statement.hasUpsert });
  if (!plan.reaches) return [];
  surroundings.begin(plan.functions);
  const stage: Stage = {
    db,
    functions,
    text,
    binds,
    plan,
    memo: new Memo((recorded, call) => known.recall(recorded, call)),
    guarded: guardedTable(source, statement),
    dedup: options.isOn("dedup"),
    endsOn: "nothing",
    rowsKept: 0,
    onStart: () => {
      surroundings.restart();
      files?.hold();
    },
  };
  try {
    const passes = runPasses(stage, known);
    return reachedNames(passes, plan, names).map((name) => ({
      ...compare(name, passes, plan),
      name,
      site: name.number === 0 ? undefined : sites[name.number - 1],
    }));
  } finally {
    files?.drop();
  }
}

interface Surveying {
  /** Private name → its calls by key. */
  readonly asked: ReadonlyMap<string, ReadonlyMap<string, Asked>>;
  readonly isClean: boolean;
  readonly isFailed: boolean;
}

function runPasses(stage: Stage, known: KnownAnswers): readonly Surveying[] {
  const tried = new Set<string>();
  let first = runOne(stage, nullPlaceholder);
  for (let round = 0; round < roundsMax && !first.isClean; round++) {
    if (!learn(first, stage.memo, { tried, known })) break;
    first = runOne(stage, nullPlaceholder);
  }
  if (first.isClean || isSettled(first, stage.plan)) return [first];
  // Every call has a row: a placeholder without one would only tell what cannot be.
  const others = probes(stage.plan.literals, 0).filter(({ kind }) => kind === "value");
  return [first, ...others.map((placeholder) => runOne(stage, placeholder))];
}

/** No other placeholder would tell more: none had a part in what was asked for. */
function isSettled({ asked, isFailed }: Surveying, { isCertain, hasLimit }: Plan): boolean {
  if (isFailed || hasLimit || !isCertain) return false;
  for (const calls of asked.values()) for (const { isSound } of calls.values()) if (!isSound) return false;
  return true;
}

/** Whether there was an answer the statement has not seen yet. */
function learn(
  { asked }: Surveying,
  memo: Memo,
  { tried, known }: { tried: Set<string>; known: KnownAnswers },
): boolean {
  let isNews = false;
  for (const calls of asked.values()) {
    for (const { call } of calls.values()) {
      if (tried.has(call.key)) continue;
      tried.add(call.key);
      const found = known.known(call);
      if (found === undefined) continue;
      memo.store(call, found.answer, found.recorded);
      isNews = true;
    }
  }
  return isNews;
}

function runOne(stage: Stage, placeholder: Placeholder): Surveying {
  const wasInTransaction = stage.db.inTransaction;
  const asked = new Map<string, Map<string, Asked>>();
  let asks = 0;
  const onAsked = (news: Asked): void => {
    const calls = asked.get(siteName(news.name)) ?? new Map<string, Asked>();
    asked.set(siteName(news.name), calls);
    if (!calls.has(news.call.key)) calls.set(news.call.key, news);
    if (++asks > asksMax && !stage.plan.isCertain) throw new Error("a statement that may have no end");
  };
  const outcome = runPass(stage, { placeholder, windowMax: Infinity, expected: undefined, onAsked });
  const isClean = outcome.kind === "clean";
  if (isClean) discard(stage.db, wasInTransaction);
  return { asked, isClean, isFailed: outcome.kind === "missed" && outcome.failed };
}

/** As SQLite asked; those it did not ask for as they stand in its program. */
function reachedNames(
  [first]: readonly Surveying[],
  plan: Plan,
  names: readonly PrivateName[],
): readonly PrivateName[] {
  const order = [...(first?.asked.keys() ?? [])];
  const placeOf = (name: PrivateName): number => {
    const asked = order.indexOf(siteName(name));
    return asked >= 0 ? asked : order.length + (plan.addresses.get(siteName(name).toLowerCase()) ?? 1e9);
  };
  return names
    .filter((name) => plan.reached.has(siteName(name).toLowerCase()))
    .toSorted((a, b) => placeOf(a) - placeOf(b));
}

function compare(
  name: PrivateName,
  passes: readonly Surveying[],
  plan: Plan,
): Pick<SurveyedSite, "calls" | "callsMax" | "isExact"> {
  const whole = passes.filter(({ isFailed }) => !isFailed);
  const telling = whole.length > 0 ? whole : passes;
  const found = telling.map(({ asked }) => asked.get(siteName(name)) ?? new Map<string, Asked>());
  const [first = new Map<string, Asked>(), ...others] = found;
  const common = [...first.values()].filter(({ call }) => others.every((calls) => calls.has(call.key)));
  const callsMax = Math.max(...found.map(({ size }) => size));
  const isSteady =
    plan.isCertain && !plan.hasLimit && whole.length === passes.length && callsMax === common.length;
  // A site that nothing asked for may wait for an answer of another.
  const isSound = common.length > 0 && common.every((asked) => asked.isSound);
  const isExact = passes.every(({ isClean }) => isClean) || (isSteady && isSound);
  return { calls: common.map(({ call }) => call), callsMax, isExact };
}
