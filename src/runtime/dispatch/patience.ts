/**
 * How long somebody waits for answers: `stop` says that nothing more is to be sent for him, `cut` that he is gone.
 * Between the two, what is in flight may still arrive, and be recorded, since it is paid.
 */
import { LightStop, whenAborted } from "./abort-hub.ts";

export interface Patience {
  readonly stop: AbortSignal;
  readonly cut: AbortSignal;
}

/** `cut` follows `stop` after `drainMs`. To be disposed of: it may hold a timer. */
export class Drain implements Patience, Disposable {
  readonly stop: AbortSignal;
  readonly #cutting = new AbortController();
  readonly #begin: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(stop: AbortSignal, drainMs: number) {
    this.stop = stop;
    // Not assigned as it is written down: V8 would put it into the old generation (docs/decisions/0160).
    const begin = (): void => {
      this.#timer = setTimeout(() => this.#cutting.abort(stop.reason), drainMs);
    };
    this.#begin = begin;
    if (stop.aborted) this.#cutting.abort(stop.reason);
    else stop.addEventListener("abort", this.#begin, { once: true });
  }

  get cut(): AbortSignal {
    return this.#cutting.signal;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.stop.removeEventListener("abort", this.#begin);
  }
}

export interface CompanyEvents {
  readonly onStop?: (one: Patience) => void;
  readonly onCut?: (one: Patience) => void;
}

/** Several who wait for one request: its patience ends with the last of theirs. To be disposed of. */
export class Company implements Disposable {
  readonly #events: CompanyEvents;
  readonly #members: Member[] = [];
  readonly stop = new LightStop();
  #cutting: AbortController | undefined;

  constructor(members: Iterable<Patience>, events: CompanyEvents) {
    this.#events = events;
    for (const member of members) this.add(member);
  }

  /** Made for who asks: most of those who wait are not on their way yet. */
  get cut(): AbortSignal {
    if (this.#cutting === undefined) {
      this.#cutting = new AbortController();
      this.#cutIfAllAre();
    }
    return this.#cutting.signal;
  }

  add(patience: Patience): void {
    if (this.#members.some((member) => member.patience === patience)) return;
    const member: Member = { patience, forgetStop: undefined, forgetCut: undefined };
    this.#members.push(member);
    member.forgetStop = whenAborted(patience.stop, () => {
      this.#events.onStop?.(patience);
      if (this.#every(({ stop }) => stop.aborted)) this.stop.abort(patience.stop.reason);
    });
    member.forgetCut = whenAborted(patience.cut, () => {
      this.#events.onCut?.(patience);
      this.#cutIfAllAre();
    });
  }

  [Symbol.dispose](): void {
    for (const { forgetStop, forgetCut } of this.#members) {
      forgetStop?.();
      forgetCut?.();
    }
  }

  #cutIfAllAre(): void {
    const last = this.#members.at(-1);
    if (last === undefined || !this.#every(({ cut }) => cut.aborted)) return;
    this.#cutting?.abort(last.patience.cut.reason);
  }

  #every(holds: (patience: Patience) => boolean): boolean {
    return this.#members.every(({ patience }) => holds(patience));
  }
}

interface Member {
  readonly patience: Patience;
  forgetStop: (() => void) | undefined;
  forgetCut: (() => void) | undefined;
}
