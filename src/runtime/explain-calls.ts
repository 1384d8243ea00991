/**
 * EXPLAIN CALLS: what a statement would call and cost, without calling: one row a call site, and warnings where SQLite
 * makes more calls than the statement needs. Works without a connection: models and prices are then the shipped ones.
 */
import { fail, type Diagnostic } from "../diagnostics/diagnostic.ts";
import type { Source } from "../diagnostics/source.ts";
import type { SqlValue } from "../catalog/value.ts";
import type { SqlStatement } from "../parser/syntax.ts";
import { surveyCalls, type Surveyed, type SurveyedSite } from "./call-survey.ts";
import { noCounts } from "./counts.ts";
import { Destinations } from "./destinations.ts";
import { checkNamedConnections } from "./named-connections.ts";
import { Offers, type Offer, type OpenOffer } from "./offers.ts";
import { findTraps } from "./planner-traps.ts";
import { ResultSet } from "./result-set.ts";
import type { ExecuteOptions } from "./run-input.ts";
import { bindStatement } from "./run-sql.ts";
import { fromSqliteError } from "./sql-error.ts";
import { resolveBinds } from "./statement-binds.ts";
import type { Binds } from "./values.ts";
import type { Workspace } from "./workspace.ts";

/** What one call site would call. A call that two sites ask for is counted at the first, so that all add up. */
export interface CallEstimate {
  /** From 1, in the order of the text; undefined for a site in a view or a trigger. */
  readonly site: number | undefined;
  readonly procedure: string;
  readonly models: readonly string[];
  /** Names of the connections its calls go to. */
  readonly connections: readonly string[];
  /** Different calls. */
  readonly calls: number;
  /**
   * `at least`: more may follow from answers that are not there yet, or from a LIMIT that takes longer to fill. `about`:
   * in a rehearsal, rows of earlier statements hold made-up answers.
   */
  readonly bound: "exact" | "at least" | "about";
  /** Of `calls`: answered by the ledger; in a rehearsal by an earlier statement, too. */
  readonly recorded: number;
  /** Of `calls`: refused before they are sent. */
  readonly invalid: number;
  /** HTTP requests, packed. */
  readonly requests: number;
  readonly inputTokens: number;
  /** Without output, and with all the output there may be; undefined where a price is unknown. */
  readonly cost:
    | { readonly minUsd: number; readonly maxUsd: number; readonly asOf: string | undefined }
    | undefined;
}

/** What session.explain finds. */
export interface Explanation {
  /** In the order SQLite reaches them; empty for a statement that calls nothing. */
  readonly sites: readonly CallEstimate[];
  /** Where SQLite makes more calls than the statement needs, and what to write instead. */
  readonly warnings: readonly Diagnostic[];
}

/** The statement EXPLAIN CALLS. */
export async function explainCalls(
  workspace: Workspace,
  source: Source,
  { statement }: { readonly statement: SqlStatement },
  given: Binds,
): Promise<ResultSet> {
  const { sites, warnings } = await explain(workspace, { source, statement, binds: given, options: {} });
  return new ResultSet({
    kind: "rows",
    columns: estimateColumns.map((name) => ({ name, type: undefined, format: undefined })),
    rows: sites.map(estimateCells),
    affectedRows: 0,
    warnings,
    counts: noCounts(),
  });
}

/** The columns in which EXPLAIN CALLS and `--dry-run` show an estimate. */
export const estimateColumns: readonly string[] = [
  "site",
  "procedure",
  "model",
  "connection",
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

/** An estimate as the cells of these columns. */
export function estimateCells({ cost, ...site }: CallEstimate): SqlValue[] {
  return [
    site.site ?? null,
    site.procedure,
    site.models.length === 0 ? null : site.models.join(", "),
    site.connections.length === 0 ? null : site.connections.join(", "),
    site.calls,
    site.bound,
    site.recorded,
    site.invalid,
    site.requests,
    site.inputTokens,
    cost?.minUsd ?? null,
    cost?.maxUsd ?? null,
    cost?.asOf ?? null,
  ];
}

/** Of session.explain: where calls would go, and whether recorded answers would do, as for execute. */
export type ExplainOptions = Pick<ExecuteOptions, "signal" | "connection" | "isFresh">;

/** What is explained. */
export interface Explained {
  readonly source: Source;
  readonly statement: SqlStatement;
  readonly binds: Binds;
  readonly options: ExplainOptions;
  /** Keys of requests that will have been answered by then; those of this statement are added. */
  readonly answered?: Set<string> | undefined;
}

/** Throws what binding the statement throws, what SQLite refuses, and call/cancelled. */
export async function explain(
  workspace: Workspace,
  { source, statement, binds: given, options, answered }: Explained,
): Promise<Explanation> {
  const binds = resolveBinds(statement.binds, { given, workspace }, source);
  const destinations = new Destinations(workspace, options.connection);
  await destinations.find();
  const offers = new Offers(workspace, destinations, options.isFresh === true);
  const survey = (surveyed: Surveyed): readonly SurveyedSite[] => surveyCalls(workspace, surveyed, offers);
  await checkNamedConnections(workspace, {
    source,
    statement,
    sites: bindStatement(workspace, source, statement),
    binds,
  });
  workspace.ledgerTables.freeze();
  try {
    const surveyed = { source, statement, binds };
    let sites = survey(surveyed);
    // SQLite does not wait: what a pass lacks is asked for behind it, before the next.
    while ((await destinations.find()) || (await offers.find())) {
      if (options.signal?.aborted === true) fail("call/cancelled", {});
      sites = survey(surveyed);
    }
    return {
      sites: estimatesOf(sites, offers, answered),
      warnings: findTraps(workspace, surveyed, sites, survey),
    };
  } catch (error) {
    const { db: names, catalog } = workspace;
    throw fromSqliteError(error, { source, span: statement.span, names, catalog });
  } finally {
    workspace.ledgerTables.thaw();
  }
}

function estimatesOf(
  sites: readonly SurveyedSite[],
  offers: Offers,
  answered = new Set<string>(),
): readonly CallEstimate[] {
  const counted = new Set<string>();
  const wantedKeys = new Set<string>();
  const estimates = sites.map(({ name, calls, isExact }): CallEstimate => {
    const tally = new Tally();
    for (const call of calls) {
      if (counted.has(call.key)) continue;
      counted.add(call.key);
      const offer = offers.of(call);
      // Calls that differ to SQL may be one request.
      const isFirst = offer.kind !== "open" || !wantedKeys.has(offer.key);
      const isAnswered = offer.kind === "open" && answered.has(offer.key);
      if (offer.kind === "open" && !isAnswered) wantedKeys.add(offer.key);
      tally.add(offer, { isFirst, isAnswered });
    }
    return {
      site: name.number === 0 ? undefined : name.number,
      procedure: name.procedure.name,
      bound: isExact ? "exact" : "at least",
      ...tally.sum(),
    };
  });
  for (const key of wantedKeys) answered.add(key);
  return estimates;
}

/** Adds up the calls of one site. Packs as the dispatcher does where all is there at once. */
class Tally {
  readonly #models = new Set<string>();
  readonly #connections = new Set<string>();
  readonly #packs = new Map<string, { inputs: number; tokens: number }>();
  readonly #counts = { calls: 0, recorded: 0, invalid: 0, requests: 0, inputTokens: 0 };
  #minUsd = 0;
  #maxUsd = 0;
  /** The oldest day a price was read. */
  #asOf: string | undefined;
  #isPriced = true;

  /** `isFirst`: no equal request was added before. `isAnswered`: an earlier statement's answer will do. */
  add(
    offer: Offer,
    { isFirst, isAnswered }: { readonly isFirst: boolean; readonly isAnswered: boolean },
  ): void {
    const counts = this.#counts;
    counts.calls++;
    if (offer.kind !== "invalid") {
      if (offer.model !== undefined) this.#models.add(offer.model);
      if (offer.connection !== undefined) this.#connections.add(offer.connection.name);
    }
    if (offer.kind === "recorded" || offer.kind === "delivered" || isAnswered) counts.recorded++;
    if (offer.kind === "invalid") counts.invalid++;
    if (offer.kind !== "open" || !isFirst || isAnswered) return;
    this.#pack(offer);
    const { inputTokens, cost } = offer.likely;
    counts.inputTokens += inputTokens;
    if (cost === undefined) this.#isPriced = false;
    else {
      this.#minUsd += cost.minUsd;
      this.#maxUsd += cost.maxUsd;
      if (this.#asOf === undefined || cost.asOf < this.#asOf) this.#asOf = cost.asOf;
    }
  }

  sum(): Omit<CallEstimate, "site" | "procedure" | "bound"> {
    const cost = { minUsd: readable(this.#minUsd), maxUsd: readable(this.#maxUsd), asOf: this.#asOf };
    return {
      ...this.#counts,
      models: [...this.#models],
      connections: [...this.#connections],
      cost: this.#isPriced ? cost : undefined,
    };
  }

  #pack({ pack, connection }: OpenOffer): void {
    const group = `${connection?.name ?? ""} ${pack?.group ?? ""}`;
    const open = pack === undefined ? undefined : this.#packs.get(group);
    const fits =
      pack !== undefined &&
      open !== undefined &&
      open.inputs < Math.min(pack.rule.inputsMax, connection?.packMax ?? Infinity) &&
      open.tokens + pack.tokens <= pack.rule.tokensMax;
    if (fits) {
      open.inputs++;
      open.tokens += pack.tokens;
      return;
    }
    this.#counts.requests++;
    if (pack !== undefined) this.#packs.set(group, { inputs: 1, tokens: pack.tokens });
  }
}

/** Sums of fractions drift: 0.30000000000000004 is 0.3. */
function readable(usd: number): number {
  return Number(usd.toPrecision(12));
}
