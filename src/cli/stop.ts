/**
 * Ctrl-C and its relatives. The first one asks the running statement to stop, which keeps what was paid for;
 * the second one leaves at once. Two in one moment are one: timeout(1) signals a process and then its group.
 */
import { exitCodeOfSignal, type StopSignal, type Terminal } from "./terminal.ts";

export interface Stop {
  readonly signal: AbortSignal;
  /** The exit code of a process that was asked to stop; undefined while it was not. */
  readonly exitCode: number | undefined;
  release(): void;
}

/** Nobody presses Ctrl-C twice so fast. */
const momentMs = 150;

export function listenForStop(terminal: Terminal): Stop {
  const controller = new AbortController();
  let received: StopSignal | undefined;
  let receivedAt = 0;
  const release = terminal.onSignal((signal) => {
    if (received !== undefined) {
      if (terminal.now() - receivedAt >= momentMs) terminal.exit(exitCodeOfSignal(signal));
      return;
    }
    received = signal;
    receivedAt = terminal.now();
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
