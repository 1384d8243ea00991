/**
 * EXPLAIN CALLS: what a statement would call and cost, without calling: one row a call site, and warnings where SQLite
 * makes more calls than the statement needs. Works without a connection: models and prices are then the shipped ones.
 */
import { DiagnosticError } from "../diagnostics/diagnostic.ts";
import type { Source } from "../diagnostics/source.ts";
import type { Connection } from "../catalog/request.ts";
import type { SqlValue } from "../catalog/value.ts";
import type { ExplainCallsStatement } from "../parser/syntax.ts";
import { answerOf, prepareCall, separation } from "./buy.ts";
import { surveyCalls, type Surveyed, type SurveyedSite } from "./call-survey.ts";
import { noCounts } from "./counts.ts";
import { packGroup, packSize, inputOf } from "./dispatch/pack.ts";
import { requestKey } from "./dispatch/request-key.ts";
import { estimateTokens } from "./dispatch/token-estimate.ts";
import type { Wanted } from "./dispatch/work.ts";
import type { Answer, Call } from "./memo.ts";
import { findTraps } from "./planner-traps.ts";
import { ResultSet } from "./result-set.ts";
import { reuseOf } from "./run-calls.ts";
import { fromSqlite } from "./sql-error.ts";
import { resolveBinds } from "./statement-binds.ts";
import type { Binds } from "./values.ts";
import type { Workspace } from "./workspace.ts";

/** A call that two sites ask for is counted at the first, so that every column adds up. */
const columns = [
  "site",
  "procedure",
  "model",
  "calls",
  "bound",
  "recorded",
  "invalid",
  "requests",
  "input_tokens",
  "cost_min_usd",
  "cost_max_usd",
  "cost_as_of",
];

/** One row a call site, in the order SQLite reaches them; traps of the planner as warnings. */
export async function explainCalls(
  workspace: Workspace,
  source: Source,
  explained: ExplainCallsStatement,
  given: Binds,
): Promise<ResultSet> {
  const { statement } = explained;
  const binds = resolveBinds(statement.binds, { given, variables: workspace.variables }, source);
  const offers = new Offers(workspace, await findConnection(workspace));
  const answerTo = (call: Call): Answer | undefined => offers.of(call).answer;
  const survey = (surveyed: Surveyed): readonly SurveyedSite[] => surveyCalls(workspace, surveyed, answerTo);
  workspace.ledgerTables.freeze();
  try {
    const surveyed = { source, statement, binds };
    const sites = survey(surveyed);
    return new ResultSet({
      kind: "rows",
      columns: columns.map((name) => ({ name, type: undefined, format: undefined })),
      rows: rowsOf(sites, offers),
      affectedRows: 0,
      warnings: findTraps(workspace, surveyed, sites, survey),
      counts: noCounts(),
    });
  } catch (error) {
    throw fromSqlite(error, { source, span: statement.span, catalog: workspace.catalog });
  } finally {
    workspace.ledgerTables.thaw();
  }
}

/** Undefined without one, and without its key: nothing is going to be sent. */
async function findConnection(workspace: Workspace): Promise<Connection | undefined> {
  try {
    return await workspace.findConnection();
  } catch (error) {
    if (error instanceof DiagnosticError && error.code === "connect/no-key") return undefined;
    throw error;
  }
}

type Offer =
  | { readonly kind: "invalid"; readonly answer: Answer }
  | { readonly kind: "recorded"; readonly model: string | undefined; readonly answer: Answer }
  | {
      readonly kind: "open";
      readonly model: string | undefined;
      readonly wanted: Wanted;
      readonly answer?: undefined;
    };

/** What each call comes to: refused here, answered by the ledger, or a request. */
class Offers {
  readonly #workspace: Workspace;
  readonly #connection: Connection | undefined;
  readonly #today = new Date().toISOString().slice(0, 10);
  readonly #offers = new Map<string, Offer>();

  constructor(workspace: Workspace, connection: Connection | undefined) {
    this.#workspace = workspace;
    this.#connection = connection;
  }

  get packMax(): number {
    return this.#connection?.packMax ?? Infinity;
  }

  of(call: Call): Offer {
    const known = this.#offers.get(call.key);
    if (known !== undefined) return known;
    const offer = this.#find(call);
    this.#offers.set(call.key, offer);
    return offer;
  }

  likely({ request }: Wanted) {
    return this.#workspace.estimator.likely(request, this.#today, this.#workspace.models.table);
  }

  #find(call: Call): Offer {
    const { ledger, options, defaults, runs, models, shippedModels } = this.#workspace;
    const { procedure } = call;
    const prepared = prepareCall(call, {
      models: options.models(this.#connection?.models ?? shippedModels),
      defaultsOf: (of) => defaults.of(of),
      today: this.#today,
      modelTable: models.table,
    });
    if (!prepared.ok) {
      const { error } = prepared;
      return { kind: "invalid", answer: { row: procedure.errorRow(prepared.arguments, error), error } };
    }
    const { request } = prepared;
    const model = typeof request.body["model"] === "string" ? request.body["model"] : undefined;
    const key = requestKey(this.#connection?.identity ?? "", request, separation(call));
    const reuse = reuseOf(options);
    const isAskable = this.#connection !== undefined && reuse.scope !== "none";
    const recorded = isAskable ? ledger().find(key, reuse, runs.get()) : undefined;
    return recorded === undefined
      ? { kind: "open", model, wanted: { key, request, pack: procedure.pack } }
      : { kind: "recorded", model, answer: answerOf(call, prepared, ledger().read(recorded)) };
  }
}

function rowsOf(sites: readonly SurveyedSite[], offers: Offers): readonly (readonly SqlValue[])[] {
  const counted = new Set<string>();
  const wantedKeys = new Set<string>();
  return sites.map(({ name, calls, isExact }) => {
    const own = calls.filter(({ key }) => !counted.has(key));
    for (const { key } of own) counted.add(key);
    const found = own.map((call) => offers.of(call));
    const wanted = found.flatMap((offer) => {
      if (offer.kind !== "open" || wantedKeys.has(offer.wanted.key)) return [];
      wantedKeys.add(offer.wanted.key);
      return [offer.wanted];
    });
    const models = new Set(found.flatMap((offer) => (offer.kind === "invalid" ? [] : (offer.model ?? []))));
    const { inputTokens, minUsd, maxUsd, asOf } = totalOf(wanted, offers);
    return [
      name.number === 0 ? null : name.number,
      name.procedure.name,
      models.size === 0 ? null : [...models].join(", "),
      own.length,
      isExact ? "exact" : "at least",
      found.filter(({ kind }) => kind === "recorded").length,
      found.filter(({ kind }) => kind === "invalid").length,
      requestsOf(wanted, offers.packMax),
      inputTokens,
      minUsd,
      maxUsd,
      asOf,
    ];
  });
}

interface Total {
  readonly inputTokens: number;
  /** NULL where a price is unknown. */
  readonly minUsd: number | null;
  readonly maxUsd: number | null;
  /** The oldest day a price was read. */
  readonly asOf: string | null;
}

function totalOf(wanted: readonly Wanted[], offers: Offers): Total {
  const likely = wanted.map((one) => offers.likely(one));
  const inputTokens = sumOf(likely.map((one) => one.inputTokens));
  const costs = likely.flatMap(({ cost }) => cost ?? []);
  if (costs.length < likely.length) return { inputTokens, minUsd: null, maxUsd: null, asOf: null };
  return {
    inputTokens,
    minUsd: readable(sumOf(costs.map(({ minUsd }) => minUsd))),
    maxUsd: readable(sumOf(costs.map(({ maxUsd }) => maxUsd))),
    asOf: costs.map(({ asOf }) => asOf).toSorted()[0] ?? null,
  };
}

function sumOf(amounts: readonly number[]): number {
  return amounts.reduce((sum, amount) => sum + amount, 0);
}

/** Sums of fractions drift: 0.30000000000000004 is 0.3. */
function readable(usd: number): number {
  return Number(usd.toPrecision(12));
}

/** HTTP requests, packed as the dispatcher packs where all is there at once. */
function requestsOf(wanted: readonly Wanted[], packMax: number): number {
  const groups = Map.groupBy(wanted, packGroup);
  let requests = groups.get(undefined)?.length ?? 0;
  for (const [group, members] of groups) {
    const rule = members[0]?.pack;
    if (group === undefined || rule === undefined) continue;
    const tokens = members.map((one) => estimateTokens(inputOf(one)));
    const inputsMax = Math.min(rule.inputsMax, packMax);
    for (let at = 0; at < tokens.length; requests++) {
      at += packSize(tokens.slice(at, at + inputsMax), rule.tokensMax);
    }
  }
  return requests;
}
