/**
 * Sound and images compute for seconds, two at a time. What waits for its turn waits here, before it is sent: the time a
 * request may take is for answering it, not for those before it.
 */
import type { Connection } from "../../catalog/request.ts";

export function sendInTurn(send: Connection["send"]): Connection["send"] {
  const waiting = new Set<PromiseWithResolvers<void>>();
  let running = 0;

  async function enter(signal: AbortSignal): Promise<void> {
    if (running < runningMax) {
      running += 1;
      return;
    }
    const turn = Promise.withResolvers<void>();
    waiting.add(turn);
    // One that is cancelled goes on at once, to be told so there.
    const abort = (): void => admit(turn);
    signal.addEventListener("abort", abort);
    await turn.promise;
    signal.removeEventListener("abort", abort);
  }

  function admit(turn: PromiseWithResolvers<void>): void {
    if (!waiting.delete(turn)) return;
    running += 1;
    turn.resolve();
  }

  function leave(): void {
    running -= 1;
    const [next] = waiting;
    if (next !== undefined && running < runningMax) admit(next);
  }

  return async (request, options) => {
    if (!/^(?:audio|images)\//u.test(request.endpoint)) return send(request, options);
    await enter(options.signal);
    try {
      return await send(request, options);
    } finally {
      leave();
    }
  };
}

const runningMax = 2;
