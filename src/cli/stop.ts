/**
 * Ctrl-C and its relatives. The first one asks the running statement to stop, which keeps what was paid for;
 * the second one leaves at once.
 */
import { exitCodeOfSignal, type StopSignal, type Terminal } from "./terminal.ts";

export interface Stop {
  readonly signal: AbortSignal;
  /** The exit code of a process that was asked to stop; undefined while it was not. */
  readonly exitCode: number | undefined;
  release(): void;
}

export function listenForStop(terminal: Terminal): Stop {
  const controller = new AbortController();
  let received: StopSignal | undefined;
  const release = terminal.onSignal((signal) => {
    if (received !== undefined) return terminal.exit(exitCodeOfSignal(signal));
    received = signal;
    controller.abort();
  });
  return {
    signal: controller.signal,
    get exitCode() {
      return received === undefined ? undefined : exitCodeOfSignal(received);
    },
    release,
  };
}
