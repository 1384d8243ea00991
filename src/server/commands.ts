/** The routes that run a command: execute, execute-each, explain. From what is asked to parts of an answer, in time. */
import type { z } from "@hono/zod-openapi";
import { fail, type JsonObject } from "../index.ts";
import { writeAnswer, writeExplanation, writeLines, type Note } from "./answers.ts";
import type { AppOptions, Ctx } from "./app-options.ts";
import { inTime, readLines } from "./body.ts";
import type { Deadline } from "./deadline.ts";
import type { Task } from "./protocol.ts";
import { bodyOf, checkType, parseRequest, readRequest } from "./read-request.ts";
import { eachHead, executeRequest, explainRequest } from "./schemas.ts";
import { answer, answerEach, type Command } from "./statements.ts";
import { bindsOf, usdOf } from "./values.ts";

type Executed = z.infer<typeof executeRequest>;

export async function execute(c: Ctx, options: AppOptions): Promise<Response> {
  const request = await readRequest(c, executeRequest, options.limits);
  const task = taskOf(c, request, options);
  const deadline = deadlineOf(c, request.timeoutMs, options);
  const command: Command = {
    client: c.get("client"),
    task,
    connection: request.connection,
    isFresh: request.cache !== "run",
    signal: deadline.signal,
  };
  const format = request.format ?? "objects";
  const note = noteOf(c, options);
  if (c.req.header("accept")?.includes("application/x-ndjson") === true) {
    const lines = await writeLines(answer(options.pool, command), { format, deadline, note });
    return new Response(lines, { headers: { "Content-Type": "application/x-ndjson" } });
  }
  using _ = deadline;
  const { answerMax } = options.limits;
  const text = await deadline.race(
    writeAnswer(answer(options.pool, command), { format, lengthMax: answerMax, note }),
  );
  return c.body(text, 200, { "Content-Type": "application/json" });
}

function taskOf(c: Ctx, request: Executed, { limits }: AppOptions): Task {
  const { maxRows } = c.get("client").limits;
  return {
    verb: request.schemaOnly === true ? "describe" : "execute",
    command: request.command,
    binds: bindsOf(request.parameters),
    rowsMax: Math.min(request.pageSize ?? Infinity, limits.rowsMax, maxRows ?? Infinity),
  };
}

/** Rows may keep coming as long as each comes in time; answers begin as soon as the command is known to be right. */
export async function executeEach(c: Ctx, options: AppOptions): Promise<Response> {
  checkType(c, "application/x-ndjson");
  const lines = readLines(bodyOf(c), options.limits);
  try {
    return await answerEachLine(c, lines, options);
  } catch (error) {
    lines.return(undefined).catch(() => undefined);
    throw error;
  }
}

async function answerEachLine(
  c: Ctx,
  lines: AsyncGenerator<JsonObject>,
  options: AppOptions,
): Promise<Response> {
  const { limits, deadlines, pool } = options;
  const first = await inTime(lines.next(), limits.arrivalMs);
  const where = "line 1";
  if (first.done === true)
    fail("serve/bad-body", { where, problem: "is missing: it says what is to be executed" });
  const head = parseRequest(first.value, eachHead, where);
  const binds = bindsOf(head.parameters);
  const deadline = deadlines.begin(head.timeoutMs, c.req.raw.signal);
  const { signal } = deadline;
  const parts = answerEach(pool, {
    client: c.get("client"),
    command: head.command,
    binds,
    each: {
      behavior: head.behavior ?? "FirstOrDefault",
      ...(head.property === undefined ? {} : { property: head.property }),
    },
    isOrdered: head.ordered ?? true,
    rows: steadyRows(lines, limits.requestMs),
    connection: head.connection,
    isFresh: head.cache === "off",
    signal,
  });
  const body = await writeLines(parts, { format: "objects", deadline, note: noteOf(c, options) });
  return new Response(body, { headers: { "Content-Type": "application/x-ndjson" } });
}

/** Throws serve/body-too-slow. */
async function* steadyRows(lines: AsyncGenerator<JsonObject>, idleMs: number): AsyncGenerator<JsonObject> {
  try {
    for (;;) {
      const step = await inTime(lines.next(), idleMs);
      if (step.done === true) return;
      yield step.value;
    }
  } finally {
    // A line that is being waited for ends with the request.
    lines.return(undefined).catch(() => undefined);
  }
}

export async function explainCommand(c: Ctx, options: AppOptions): Promise<Response> {
  const request = await readRequest(c, explainRequest, options.limits);
  using deadline = deadlineOf(c, request.timeoutMs, options);
  const client = c.get("client");
  const binds = bindsOf(request.parameters);
  const { connection } = request;
  const isFresh = request.cache !== "run";
  const explain = { isFresh, ...(connection === undefined ? {} : { connection }) };
  const task: Task = { verb: "explain", command: request.command, binds, explain, rowsMax: 0 };
  const command = { client, task, connection, isFresh, signal: deadline.signal };
  const text = await deadline.race(writeExplanation(answer(options.pool, command)));
  return c.body(text, 200, { "Content-Type": "application/json" });
}

function deadlineOf(c: Ctx, timeoutMs: number | undefined, { limits, deadlines }: AppOptions): Deadline {
  const ms = Math.min(timeoutMs ?? Infinity, limits.requestMs);
  return deadlines.begin(ms, c.req.raw.signal);
}

/** For the log and the counters. */
function noteOf(c: Ctx, { metrics }: AppOptions): Note {
  const entry = c.get("entry");
  return ({ rows, counts, code }) => {
    entry.rows = rows;
    if (code !== undefined) entry.code = code;
    if (counts !== undefined) {
      entry.calls = counts.made + counts.cached;
      entry.costUsd = usdOf(counts.costUsd);
    }
    metrics.statement(counts, rows);
  };
}
