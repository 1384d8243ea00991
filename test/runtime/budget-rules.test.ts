/** What a budget grants, refuses and lets wait, one rule after the other. budget.test.ts has whole sessions at random. */
import { describe, expect, test } from "vitest";
import { Budget, type BudgetOption, type Granted, type Hold } from "../../src/runtime/budget.ts";
import type { Need } from "../../src/runtime/estimate.ts";

type Caps = Partial<Record<BudgetOption, number>>;

/** `settled`: what the day's store was told, in turn. */
function budgetOf(caps: Caps, day = { left: Infinity, total: 0 }) {
  const settled: number[] = [];
  const asked: [usd: number, maxUsd: number][] = [];
  const number = (name: string): number | undefined => caps[name as BudgetOption];
  const budget = new Budget(
    { number },
    {
      hold: (usd, maxUsd) => {
        asked.push([usd, maxUsd]);
        return usd > day.left ? undefined : { settle: (spent) => void settled.push(spent) };
      },
      total: () => day.total,
    },
  );
  return { budget, settled, asked };
}

const never = new AbortController().signal;
const need = (tokens: number, usd?: number): Need => ({ tokens, usd });

async function held(granted: Promise<Granted>): Promise<Hold> {
  const found = await granted;
  if (found.kind !== "held") throw new Error(`it is ${found.kind}`);
  return found.hold;
}

/** What it is by now: "waits" when it is not decided. */
async function now(granted: Promise<Granted>): Promise<string> {
  return Promise.race([
    granted.then(({ kind }) => kind),
    new Promise<string>((resolve) => setImmediate(resolve, "waits")),
  ]);
}

const reached = (option: BudgetOption, max: number, spent: number) => ({
  kind: "reached",
  reached: { option, max, spent },
});

describe("a cap", () => {
  test.each<readonly [BudgetOption, number, { tokens: number; usd: number }, number]>([
    ["max_calls", 1, { tokens: 0, usd: 0 }, 1],
    ["max_tokens", 10, { tokens: 10, usd: 0 }, 10],
    ["max_cost", 0.5, { tokens: 0, usd: 0.5 }, 0.5],
  ])("of %s may be used up, and is reached by the next", async (option, max, used, spent) => {
    const { budget } = budgetOf({ [option]: max });
    const first = await held(budget.hold(need(used.tokens, used.usd), never));
    first.settle(used);
    expect(await budget.hold(need(1, 0.1), never)).toEqual(reached(option, max, spent));
  });

  test("of a day is the store's to say, with what all have spent", async () => {
    const { budget, asked } = budgetOf({ max_cost_per_day: 3 }, { left: 0.2, total: 2.9 });
    expect(await budget.hold(need(1, 0.3), never)).toEqual(reached("max_cost_per_day", 3, 2.9));
    expect(asked).toEqual([[0.3, 3]]);
  });

  test("that is not there is never reached, and the day's is asked as endless", async () => {
    const { budget, asked } = budgetOf({});
    await held(budget.hold(need(1e12, 1e9), never));
    expect(asked).toEqual([[1e9, Infinity]]);
    expect([budget.costCap, budget.capsCost]).toEqual([undefined, false]);
  });

  test("of cost says what of it is spent", async () => {
    const { budget } = budgetOf({ max_cost: 2 });
    (await held(budget.hold(need(1, 0.5), never))).settle({ tokens: 1, usd: 0.25 });
    expect(budget.costCap).toEqual({ spentUsd: 0.25, maxUsd: 2 });
    expect([budget.capsCost, budgetOf({ max_cost_per_day: 2 }).budget.capsCost]).toEqual([true, true]);
    expect([
      budgetOf({ max_calls: 2 }).budget.capsCost,
      budgetOf({ max_cost_per_day: 2 }).budget.costCap,
    ]).toEqual([false, undefined]);
  });
});

describe("what does not fit while others are on their way", () => {
  test.each<readonly [Caps, { tokens: number; usd: number }]>([
    [{ max_calls: 1 }, { tokens: 1, usd: 0 }],
    [{ max_tokens: 10 }, { tokens: 6, usd: 0 }],
    [{ max_cost: 1 }, { tokens: 0, usd: 0.6 }],
  ])("waits: %j", async (caps, amount) => {
    const { budget } = budgetOf(caps);
    const first = await held(budget.hold(amount, never));
    const second = budget.hold(amount, never);
    expect(await now(second)).toBe("waits");
    // It was never sent: all of it is given back.
    first.settle(undefined);
    expect(await now(second)).toBe("held");
  });

  test("is refused as soon as it is clear that it never will", async () => {
    const { budget } = budgetOf({ max_tokens: 10 });
    const first = await held(budget.hold(need(6), never));
    const second = budget.hold(need(6), never);
    first.settle({ tokens: 5, usd: 0 });
    expect(await second).toEqual(reached("max_tokens", 10, 5));
  });

  test("is served in the order in which it came: a small one does not overtake", async () => {
    const { budget } = budgetOf({ max_tokens: 10 });
    const first = await held(budget.hold(need(8), never));
    const large = budget.hold(need(9), never);
    const small = budget.hold(need(1), never);
    expect([await now(large), await now(small)]).toEqual(["waits", "waits"]);
    first.settle({ tokens: 1, usd: 0 });
    expect([await now(large), await now(small)]).toEqual(["held", "waits"]);
    (await held(large)).settle({ tokens: 2, usd: 0 });
    expect(await now(small)).toBe("held");
  });

  test("is served together when there is room for all", async () => {
    const { budget } = budgetOf({ max_tokens: 10 });
    const first = await held(budget.hold(need(10), never));
    const others = [budget.hold(need(3), never), budget.hold(need(3), never)];
    first.settle({ tokens: 1, usd: 0 });
    expect(await Promise.all(others.map(now))).toEqual(["held", "held"]);
  });

  test("waits for as long as any of them is", async () => {
    const { budget } = budgetOf({ max_tokens: 10 });
    const running = [await held(budget.hold(need(5), never)), await held(budget.hold(need(5), never))];
    const waiting = budget.hold(need(10), never);
    running[0]?.settle({ tokens: 0, usd: 0 });
    expect(await now(waiting)).toBe("waits");
    running[1]?.settle({ tokens: 0, usd: 0 });
    expect(await now(waiting)).toBe("held");
  });
});

describe("who gives up", () => {
  test("before asking holds nothing", async () => {
    const { budget, asked } = budgetOf({ max_calls: 1 });
    expect(await budget.hold(need(1), AbortSignal.abort())).toEqual({ kind: "stopped" });
    expect(asked).toEqual([]);
    expect(await now(budget.hold(need(1), never))).toBe("held");
  });

  test("while waiting is let go, and stands in nobody's way", async () => {
    const { budget } = budgetOf({ max_tokens: 10 });
    const first = await held(budget.hold(need(10), never));
    const controller = new AbortController();
    const large = budget.hold(need(10), controller.signal);
    const small = budget.hold(need(1), never);
    controller.abort();
    expect(await large).toEqual({ kind: "stopped" });
    first.settle({ tokens: 9, usd: 0 });
    expect(await now(small)).toBe("held");
  });

  test("while waiting is granted nothing later", async () => {
    const { budget } = budgetOf({ max_tokens: 10 });
    const first = await held(budget.hold(need(10), never));
    const controller = new AbortController();
    const gone = budget.hold(need(5), controller.signal);
    controller.abort();
    expect(await gone).toEqual({ kind: "stopped" });
    first.settle(undefined);
    expect(await now(budget.hold(need(10), never))).toBe("held");
  });

  test("behind its turn keeps what it holds", async () => {
    const { budget } = budgetOf({ max_tokens: 10 });
    const first = await held(budget.hold(need(10), never));
    const controller = new AbortController();
    const second = budget.hold(need(4), controller.signal);
    first.settle({ tokens: 6, usd: 0 });
    const hold = await held(second);
    controller.abort();
    expect(await now(budget.hold(need(1), never))).toBe("waits");
    hold.settle({ tokens: 4, usd: 0 });
    expect(await budget.hold(need(1), never)).toEqual(reached("max_tokens", 10, 10));
  });
});

describe("what was spent", () => {
  test("is told to the day's store; nothing for what was never sent", async () => {
    const { budget, settled } = budgetOf({});
    const holds = [
      await held(budget.hold(need(1, 0.3), never)),
      await held(budget.hold(need(1, 0.3), never)),
    ];
    holds[0]?.settle({ tokens: 1, usd: 0.2 });
    holds[1]?.settle(undefined);
    expect(settled).toEqual([0.2, 0]);
  });

  test("of a call that was never sent is no call", async () => {
    const { budget } = budgetOf({ max_calls: 1 });
    (await held(budget.hold(need(1), never))).settle(undefined);
    (await held(budget.hold(need(1), never))).settle({ tokens: 1, usd: 0 });
    expect(await budget.hold(need(1), never)).toEqual(reached("max_calls", 1, 1));
  });

  test("a need without a price costs nothing", async () => {
    const { budget, asked } = budgetOf({ max_cost: 1 });
    await held(budget.hold(need(1), never));
    expect(asked).toEqual([[0, Infinity]]);
    expect(await now(budget.hold(need(1, 1), never))).toBe("held");
  });

  test("fractions that were held and given back leave nothing behind", async () => {
    const caps: Caps = { max_cost: 2e9 };
    const { budget } = budgetOf(caps);
    const holds = await Promise.all([1e9, 0.1].map((usd) => held(budget.hold(need(1, usd), never))));
    for (const hold of holds) hold.settle(undefined);
    caps.max_cost = 0.1;
    expect(await now(budget.hold(need(1, 0.1), never))).toBe("held");
  });

  test("what one of two holds is given back while the other holds on", async () => {
    const { budget } = budgetOf({ max_cost: 1 });
    const [first] = await Promise.all([0, 1].map(() => held(budget.hold(need(5, 0.5), never))));
    first?.settle({ tokens: 0, usd: 0 });
    expect(await now(budget.hold(need(5, 0.5), never))).toBe("held");
    expect(await now(budget.hold(need(1, 0.1), never))).toBe("waits");
  });
});
