/**
 * What the calls of a statement come to that is only looked at: refused here, answered already (by the ledger, or at the desk
 * that would sell them), or a request that would be sent.
 */
import { fail } from "../diagnostics/diagnostic.ts";
import type { CallError, PackRule, Prepared, Row } from "../catalog/procedure.ts";
import type { Connection } from "../catalog/request.ts";
import { answerOf } from "./buy.ts";
import { callOf, orderOf, type CallOrder } from "./call-desk.ts";
import { prepareCall, separation } from "./call-queue.ts";
import type { KnownAnswer, KnownAnswers } from "./call-survey.ts";
import { Destinations, type Destination } from "./destinations.ts";
import { packGroup, inputOf } from "./dispatch/pack.ts";
import { requestKey } from "./dispatch/request-key.ts";
import { estimateTokens } from "./dispatch/token-estimate.ts";
import type { Likely } from "./estimate.ts";
import type { Answer, Call } from "./memo.ts";
import { reuseOf } from "./run-calls.ts";
import { termsOf } from "./sellers.ts";
import type { Workspace } from "./workspace.ts";

export type Offer =
  | { readonly kind: "invalid"; readonly error: CallError; readonly row: Row }
  | {
      readonly kind: "recorded";
      readonly model: string | undefined;
      readonly connection: Connection | undefined;
      readonly id: number;
    }
  /** A desk has it recorded. */
  | {
      readonly kind: "delivered";
      readonly model: string | undefined;
      readonly connection: Connection | undefined;
      readonly answer: Answer;
    }
  | OpenOffer;

/** A request that would be sent. The request itself is not kept: there may be a million. */
export interface OpenOffer {
  readonly kind: "open";
  readonly model: string | undefined;
  readonly connection: Connection | undefined;
  readonly key: string;
  readonly likely: Likely;
  /** How it shares one HTTP request; undefined: it goes alone. */
  readonly pack: { readonly group: string; readonly rule: PackRule; readonly tokens: number } | undefined;
}

/** What each call comes to: refused here, answered by the ledger, or a request. */
export class Offers implements KnownAnswers {
  readonly #workspace: Workspace;
  readonly #destinations: Destinations;
  readonly #today = new Date().toISOString().slice(0, 10);
  readonly #offers = new Map<string, Offer>();
  /** Each group's name once. */
  readonly #groups = new Map<string, string>();
  /** By key of the call: what the desk said that it has. */
  readonly #atDesk = new Map<string, Answer | undefined>();
  readonly #toAsk = new Map<string, Call>();
  readonly #isFresh: boolean;

  /** `isFresh`: recorded answers do not count. */
  constructor(workspace: Workspace, destinations: Destinations, isFresh: boolean) {
    this.#workspace = workspace;
    this.#destinations = destinations;
    this.#isFresh = isFresh;
  }

  of(call: Call): Offer {
    const known = this.#offers.get(call.key);
    if (known !== undefined) return known;
    const destination = this.#destinations.of(call);
    const offer = this.#make(call, destination ?? { connection: undefined });
    if (destination !== undefined && !this.#toAsk.has(call.key)) this.#offers.set(call.key, offer);
    return offer;
  }

  /** Asks the desk which of the calls seen since the last time it has recorded: whether there was news. Throws what it throws. */
  async find(): Promise<boolean> {
    const wanted = [...this.#toAsk.values()];
    if (wanted.length === 0) return false;
    this.#toAsk.clear();
    const answers = await this.#workspace.desk?.recorded?.(wanted.map(orderOf));
    for (const [index, { key }] of wanted.entries()) this.#atDesk.set(key, answers?.[index]);
    return answers?.some((answer) => answer !== undefined) === true;
  }

  known(call: Call): KnownAnswer | undefined {
    const offer = this.of(call);
    switch (offer.kind) {
      case "open":
        return undefined;
      case "recorded":
        return { answer: this.recall(offer.id, call), recorded: offer.id };
      case "delivered":
        return { answer: offer.answer };
      case "invalid":
        return { answer: offer };
    }
  }

  recall(recorded: number, call: Call): Answer {
    const prepared = this.#prepare(call, this.#destinations.of(call)?.connection);
    if (!prepared.ok) return fail("ledger/unreadable-answer", { id: recorded });
    return answerOf(call, prepared, this.#workspace.ledger().read(recorded));
  }

  #prepare(call: Call, connection: Connection | undefined): Prepared {
    const modelTable = this.#workspace.models.table;
    return prepareCall(call, termsOf(this.#workspace, connection), { today: this.#today, modelTable });
  }

  #make(call: Call, { connection, error }: Destination): Offer {
    const { ledger, models } = this.#workspace;
    const { procedure } = call;
    const prepared = this.#prepare(call, connection);
    const refuse = (why: CallError): Offer => ({
      kind: "invalid",
      error: why,
      row: procedure.errorRow(prepared.arguments, why),
    });
    if (error !== undefined) return refuse(error);
    if (!prepared.ok) return refuse(prepared.error);
    const { request } = prepared;
    const model = typeof request.body["model"] === "string" ? request.body["model"] : undefined;
    const key = requestKey(connection?.identity ?? "", request, { separation: separation(call) });
    const reuse = reuseOf(this.#workspace);
    const isAskable = connection !== undefined && reuse.scope !== "none" && !this.#isFresh;
    const answer = isAskable ? this.#asked(call) : undefined;
    if (answer !== undefined) return { kind: "delivered", model, connection, answer };
    const recorded = isAskable ? ledger().find(key, reuse) : undefined;
    if (recorded !== undefined) return { kind: "recorded", model, connection, id: recorded };
    const wanted = { key, request, pack: procedure.pack };
    const group = packGroup(wanted);
    const pack =
      group === undefined || procedure.pack === undefined
        ? undefined
        : { group: this.#once(group), rule: procedure.pack, tokens: estimateTokens(inputOf(wanted)) };
    return {
      kind: "open",
      model,
      connection,
      key,
      likely: this.#workspace.estimator.likely(request, this.#today, models.table),
      pack,
    };
  }

  /** What the desk has; a call that it was not asked about yet is noted, for `find`. */
  #asked(call: Call): Answer | undefined {
    if (this.#workspace.desk?.recorded === undefined) return undefined;
    if (!this.#atDesk.has(call.key)) this.#toAsk.set(call.key, call);
    return this.#atDesk.get(call.key);
  }

  #once(group: string): string {
    const known = this.#groups.get(group);
    if (known === undefined) this.#groups.set(group, group);
    return known ?? group;
  }
}

/** The desk's side of `Offers.find`: one an order, undefined for a call that would be sent. Throws bind/unknown-procedure, connect/…. */
export async function recordedAnswers(
  workspace: Workspace,
  orders: readonly CallOrder[],
  { connection }: { readonly connection?: string | undefined },
): Promise<readonly (Answer | undefined)[]> {
  const calls = orders.map((order) => callOf(workspace.catalog, order));
  const destinations = new Destinations(workspace, connection);
  const offers = new Offers(workspace, destinations, false);
  for (const call of calls) destinations.of(call);
  await destinations.find();
  return calls.map((call) => {
    const offer = offers.of(call);
    return offer.kind === "recorded" ? offers.recall(offer.id, call) : undefined;
  });
}
