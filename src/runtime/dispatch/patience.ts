/**
 * How long somebody waits for answers: `stop` says that nothing more is to be sent for him, `cut` that he is gone.
 * Between the two, what is in flight may still arrive, and be recorded, since it is paid.
 */

import { whenAborted } from "./abort-hub.ts";

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
    this.#begin = () => {
      this.#timer = setTimeout(() => this.#cutting.abort(stop.reason), drainMs);
    };
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
export class Company implements Patience, Disposable {
  readonly #events: CompanyEvents;
  readonly #stopping = new AbortController();
  readonly #cutting = new AbortController();
  readonly #members = new Map<Patience, () => void>();

  constructor(members: Iterable<Patience>, events: CompanyEvents) {
    this.#events = events;
    for (const member of members) this.add(member);
  }

  get stop(): AbortSignal {
    return this.#stopping.signal;
  }

  get cut(): AbortSignal {
    return this.#cutting.signal;
  }

  add(member: Patience): void {
    if (this.#members.has(member)) return;
    const onStop = (): void => {
      this.#events.onStop?.(member);
      if (this.#every(({ stop }) => stop.aborted)) this.#stopping.abort(member.stop.reason);
    };
    const onCut = (): void => {
      this.#events.onCut?.(member);
      if (this.#every(({ cut }) => cut.aborted)) this.#cutting.abort(member.cut.reason);
    };
    this.#members.set(member, () => undefined);
    const forgetStop = whenAborted(member.stop, onStop);
    const forgetCut = whenAborted(member.cut, onCut);
    this.#members.set(member, () => {
      forgetStop();
      forgetCut();
    });
  }

  [Symbol.dispose](): void {
    for (const leave of this.#members.values()) leave();
  }

  #every(holds: (member: Patience) => boolean): boolean {
    return [...this.#members.keys()].every(holds);
  }
}
