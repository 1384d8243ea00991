/**
 * One HTTP request on its way, for one work or a pack of them: attempts until it is answered or given up, then to
 * each work its outcome. A pack is tried again whole; only a refusal of its contents halves it, so that one bad text
 * fails alone.
 */
import type { ApiAnswer, ApiFailure, ApiRequest, Connection } from "../../catalog/request.ts";
import { backoffMs, type BackoffRule } from "./backoff.ts";
import { classify, troubleIn, type Verdict } from "./classify.ts";
import { sleep, type Clock } from "./clock.ts";
import type { Leaving, Limiter, Place } from "./limiter.ts";
import { combine, split } from "./pack.ts";
import { Company } from "./patience.ts";
import { allOf, type Dispatched, type Work } from "./work.ts";

export interface Airline {
  readonly connection: Connection;
  readonly limiter: Limiter;
  readonly clock: Clock;
  /** Attempts a call, the first included. */
  readonly attemptsMax: number;
  /** Of one attempt, body included. */
  readonly timeoutMs: number;
  readonly backoff: BackoffRule;
  readonly onRetry: () => void;
}

export interface Departure {
  /** A place it has already; by default it waits for one. */
  readonly place?: Place;
  /** Requests that were sent for these works before. */
  readonly attempts?: number;
}

/** Never rejects; every work has ended when it resolves. */
export async function fly(
  airline: Airline,
  works: readonly Work[],
  departure: Departure = {},
): Promise<void> {
  const startedAt = airline.clock.now();
  const { attempts = 0 } = departure;
  const durationMs = (): number => Math.round(airline.clock.now() - startedAt);
  const dismissed = { failure: cancelled, verdict: "fatal" as const };
  const trip: Trip = { attempts: 0 };
  const ended = (outcome: Omit<Dispatched, "attempts" | "durationMs">): Dispatched => ({
    ...outcome,
    attempts: attempts + trip.attempts,
    durationMs: durationMs(),
  });
  const company = new Company(
    works.flatMap((work) => work.patiences),
    { onCut: (one) => works.forEach((work) => work.dismiss(one, ended(dismissed))) },
  );
  for (const work of works) work.company = company;
  const flight: Flight = { works, company, trip };
  try {
    const arrival = await attempt(airline, flight, departure.place);
    const aboard = flight.works;
    if (!("answers" in arrival) && aboard.length > 1 && isOfContents(arrival, aboard)) {
      const middle = Math.ceil(aboard.length / 2);
      const before = { attempts: attempts + trip.attempts };
      const halves = [aboard.slice(0, middle), aboard.slice(middle)];
      await Promise.all(halves.map((half) => fly(airline, half, before)));
      return;
    }
    for (const [index, work] of aboard.entries()) {
      const answer = "answers" in arrival ? arrival.answers[index] : undefined;
      work.end(ended("answers" in arrival ? (answer === undefined ? {} : { answer }) : arrival));
    }
  } catch (error) {
    for (const work of works) work.throw(error);
  } finally {
    company[Symbol.dispose]();
  }
}

export const cancelled: ApiFailure = { kind: "cancelled", message: "cancelled" };

interface Trip {
  /** Requests sent so far. */
  attempts: number;
}

interface Flight {
  /** Those that nobody wants any more when it departs are left behind. */
  works: readonly Work[];
  readonly company: Company;
  readonly trip: Trip;
}

type Arrival =
  | { readonly answers: readonly ApiAnswer[] }
  | { readonly failure: ApiFailure; readonly verdict: Verdict };

/** What one attempt came to. */
interface Landing {
  readonly arrival: Arrival;
  /** Absent: that is the end. */
  readonly again?: "retry" | "slow-down";
  readonly leaving: Leaving;
  readonly isDoom?: boolean;
}

interface Landed extends Landing {
  /** In the limiter, for what this one was told is meant for everybody. */
  readonly waitsWithAll: boolean;
}

async function attempt(airline: Airline, flight: Flight, given: Place | undefined): Promise<Arrival> {
  const { company, trip } = flight;
  const tokens = flight.works.reduce((sum, work) => sum + work.tokens, 0);
  let place = given;
  let last: Arrival | undefined;
  for (;;) {
    try {
      // What is recorded beforehand takes a sync of the disk: it is begun before there is a place.
      const prepare = trip.attempts === 0 ? () => depart(flight) : undefined;
      place ??= await airline.limiter.enter(company.stop, { tokens: () => tokens, prepare });
    } catch {
      return cancelledAfter(last);
    }
    if (place === given) await depart(flight);
    if (!isWanted(flight)) {
      airline.limiter.leave(place, { kind: "failed" });
      return cancelledAfter(last);
    }
    trip.attempts++;
    const request = combine(flight.works.map(({ wanted }) => wanted));
    const landing = await send(airline, flight, request, place);
    place = undefined;
    last = landing.arrival;
    if (landing.again === undefined || trip.attempts >= airline.attemptsMax) return landing.arrival;
    airline.onRetry();
    if (landing.waitsWithAll) continue;
    const { retryAfterMs } = landing.leaving;
    try {
      await sleep(backoffMs(trip.attempts, retryAfterMs, airline.backoff), company.stop, airline.clock);
    } catch {
      return cancelledAfter(last);
    }
  }
}

/** Never rejects. */
function depart({ works }: Flight): Promise<unknown> {
  return allOf(works.map((work) => work.depart()));
}

/** False: there is nothing to send, or it is no longer wanted. */
function isWanted(flight: Flight): boolean {
  if (flight.works.some((work) => work.isAbandoned))
    flight.works = flight.works.filter((work) => !work.isAbandoned);
  return flight.works.length > 0 && !flight.company.stop.aborted;
}

/** Between two attempts: how the last one ended says whether the service may have done the work. */
function cancelledAfter(last: Arrival | undefined): Arrival {
  const status = last !== undefined && "failure" in last ? last.failure.status : undefined;
  return { failure: status === undefined ? cancelled : { ...cancelled, status }, verdict: "fatal" };
}

async function send(
  { connection, limiter, timeoutMs }: Airline,
  { works, company }: Flight,
  request: ApiRequest,
  place: Place,
): Promise<Landed> {
  let landing: Landing;
  try {
    const outcome = await connection.send(request, { signal: company.cut, timeoutMs });
    landing = outcome.ok ? landingOf(outcome.answer, works) : failureLanding(outcome.failure);
  } catch (error) {
    limiter.leave(place, { kind: "failed" });
    throw error;
  }
  // Who hears of what dooms all others stops them, before one of them gets this place.
  if (landing.isDoom === true) setImmediate(() => limiter.leave(place, landing.leaving));
  return { ...landing, waitsWithAll: landing.isDoom !== true && limiter.leave(place, landing.leaving) };
}

function landingOf(answer: ApiAnswer, works: readonly Work[]): Landing {
  const result = split(
    answer,
    works.map(({ wanted }) => wanted),
  );
  const { rateLimit } = answer;
  if (!result.ok) {
    const { failure } = result;
    const arrival = { failure, verdict: "retry" as const };
    return { arrival, again: "retry", leaving: { kind: "clean", rateLimit } };
  }
  const arrival = { answers: result.answers };
  switch (troubleIn(answer)) {
    case "retry":
      return { arrival, again: "retry", leaving: { kind: "clean", rateLimit } };
    case "slow-down":
      return { arrival, again: "slow-down", leaving: { kind: "refused", rateLimit } };
    case undefined:
      return { arrival, leaving: { kind: "clean", rateLimit } };
  }
}

function failureLanding(failure: ApiFailure): Landing {
  const { retryAfterMs, rateLimit } = failure;
  const verdict = classify(failure);
  const arrival = { failure, verdict };
  switch (verdict) {
    case "slow-down":
      return { arrival, again: verdict, leaving: { kind: "refused", retryAfterMs, rateLimit } };
    case "retry":
      return { arrival, again: verdict, leaving: { kind: "failed", retryAfterMs, rateLimit } };
    case "row":
      return { arrival, leaving: { kind: "clean", rateLimit } };
    case "fatal":
      return { arrival, leaving: { kind: "failed", rateLimit }, isDoom: true };
  }
}

/** Refused for what one of the inputs is, or for what they are together: not for a field they all share. */
function isOfContents(
  { failure, verdict }: Extract<Arrival, { failure: ApiFailure }>,
  works: readonly Work[],
) {
  const input = works[0]?.wanted.pack?.input ?? "";
  const isRefusal = verdict === "row" && [400, 413, 422].includes(failure.status ?? 0);
  return isRefusal && (failure.param === undefined || failure.param.startsWith(input));
}
