/** A thread for worker-pool.test.ts: does what its task says. */
import { notAvailableOffline } from "../../../src/connection/offline/api-error.ts";
import { serveTasks } from "../../../src/connection/offline/worker-port.ts";

let served = 0;

serveTasks(async (task: string): Promise<string> => {
  served += 1;
  switch (task) {
    case "refuse":
      throw notAvailableOffline("No.");
    case "break":
      throw new Error("broken");
    case "end":
      return process.exit(3);
    case "hang":
      return new Promise(() => {});
    case "print":
      console.log("something on standard output");
      console.error("and on standard error");
  }
  return `${task}, the ${served}. of this thread`;
});
