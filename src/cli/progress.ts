/**
 * How far the calls of the running statement are: one line that is redrawn on a terminal, a log line now and
 * then elsewhere. Shares the terminal with results, so whoever writes those hides it first.
 */
import type { Progress } from "../index.ts";
import { count, duration, usd } from "./quantity.ts";
import type { Terminal } from "./terminal.ts";
import { keepCallsYoung } from "./young-calls.ts";

const redrawMs = 100;
const logMs = 10_000;
const eraseLine = "\r\u001b[K";

export class ProgressLine {
  readonly #terminal: Terminal;
  readonly #isQuiet: boolean;
  #latest: Progress | undefined;
  /** When `latest` arrived: time goes on while calls are under way and nothing is reported. */
  #arrivedAt = 0;
  #shownAt: number;
  #isDrawn = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(terminal: Terminal, isQuiet: boolean) {
    this.#terminal = terminal;
    this.#isQuiet = isQuiet;
    this.#shownAt = terminal.now();
  }

  update(progress: Progress): void {
    // There are calls.
    keepCallsYoung();
    if (this.#isQuiet) return;
    this.#latest = progress;
    this.#arrivedAt = this.#terminal.now();
    this.#timer ??= setInterval(() => this.tick(), redrawMs).unref();
    this.tick();
  }

  /** Draws or logs when it is time to. */
  tick(): void {
    const now = this.#terminal.now();
    const isLive = this.#terminal.stderr.isTTY;
    if (this.#latest === undefined || this.#latest.callsKnown === 0) return;
    if (now - this.#shownAt < (isLive ? redrawMs : logMs)) return;
    this.#shownAt = now;
    const text = progressText({ ...this.#latest, elapsedMs: this.#latest.elapsedMs + now - this.#arrivedAt });
    this.#isDrawn = isLive;
    // One cell stays free: a full line would wrap, and then it could not be erased.
    this.#write(isLive ? eraseLine + text.slice(0, this.#terminal.stderr.columns - 1) : `${text}\n`);
  }

  /** Other work than calls, on a terminal alone. */
  say(text: string): void {
    if (this.#isQuiet || !this.#terminal.stderr.isTTY) return;
    this.#isDrawn = true;
    this.#write(eraseLine + text.slice(0, this.#terminal.stderr.columns - 1));
  }

  /** Clears the line; the next tick draws it again. */
  hide(): void {
    if (this.#isDrawn) this.#write(eraseLine);
    this.#isDrawn = false;
  }

  /** The statement is over. */
  finish(): void {
    this.hide();
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#latest = undefined;
  }

  #write(text: string): void {
    // Whoever closed our stderr does not want to see progress; that is no reason to stop.
    this.#terminal.stderr.write(text).catch(() => {});
  }
}

export function progressText(progress: Progress): string {
  const { callsDone, callsKnown, elapsedMs, inFlight, retries, failed, tokens, costUsd, costCap } = progress;
  const perSecond = elapsedMs > 0 ? callsDone / (elapsedMs / 1000) : 0;
  const left = callsKnown - callsDone;
  const parts = [`${callsDone}/${callsKnown}${progress.mayGrow === true ? "+" : ""} calls`];
  if (callsDone > 0) parts.push(`${perSecond.toFixed(1)}/s`);
  if (callsDone > 0 && left > 0 && progress.mayGrow !== true)
    parts.push(`ETA ${duration((left / perSecond) * 1000)}`);
  if (inFlight > 0) parts.push(`${inFlight} in flight`);
  if (retries > 0) parts.push(count(retries, "retry", "retries"));
  if (failed > 0) parts.push(`${failed} failed`);
  if (tokens > 0) parts.push(count(tokens, "token"));
  if (costCap !== undefined) parts.push(`${usd(costCap.spentUsd)} of ${usd(costCap.maxUsd)}`);
  else if (costUsd > 0) parts.push(usd(costUsd));
  return parts.join(" · ");
}
