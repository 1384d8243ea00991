/** What requests and answers look like: checked on the way in, and published as OpenAPI. */
import { z } from "@hono/zod-openapi";

const positiveInteger = (max: number): z.ZodNumber => z.number().int().min(1).max(max);

const behaviors = ["FirstOrDefault", "First", "SingleOrDefault", "Single", "Array"] as const;

export const parameterValue = z
  .union([
    z.string(),
    z.number(),
    z.boolean(),
    z.null(),
    z.array(z.unknown()),
    z.record(z.string(), z.unknown()),
  ])
  .openapi("ParameterValue", {
    description:
      'A value, or {"type": …, "value": …} with type text, integer, real, boolean, bytes (base64) or json. Arrays and other ' +
      "objects become JSON text.",
  });

const parameters = z.record(z.string(), z.unknown()).openapi({
  type: "object",
  additionalProperties: { $ref: "#/components/schemas/ParameterValue" },
  description: "By name, with or without the prefix (: @ $).",
});

const command = z.string().min(1).openapi({
  description: "One SQL statement, with or without calls.",
  example: "CALL GenerateResponse(:Message)",
});

const options = {
  connection: z.string().optional().openapi({ description: "Where calls go; default: the server's own." }),
  cache: z
    .enum(["off", "run"])
    .optional()
    .openapi({
      description:
        "Which recorded answers are used again: none, or those this token has had since the server started. Default: " +
        "off for execute and explain, run for execute-each.",
    }),
  timeoutMs: positiveInteger(86_400_000)
    .optional()
    .openapi({ description: "Milliseconds for the whole request, at most what the server allows." }),
};

export const executeRequest = z
  .strictObject({
    command,
    parameters: parameters.optional(),
    ...options,
    format: z.enum(["objects", "arrays"]).optional().openapi({
      description: "Rows as objects by column name (default), or as arrays in the order of columns.",
    }),
    pageSize: positiveInteger(1_000_000)
      .optional()
      .openapi({ description: "Rows at most; isTruncated says whether there were more." }),
    schemaOnly: z
      .boolean()
      .optional()
      .openapi({ description: "Only describe columns and parameters: nothing is run, nothing is called." }),
  })
  .openapi("ExecuteRequest");

export const explainRequest = z
  .strictObject({ command, parameters: parameters.optional(), ...options })
  .openapi("ExplainRequest");

export const eachHead = z
  .strictObject({
    command,
    parameters: parameters.optional().openapi({
      description: "For binds that a row does not have.",
    }),
    ...options,
    behavior: z.enum(behaviors).optional().openapi({
      description: "Which rows of a result are taken; default FirstOrDefault.",
    }),
    property: z.string().min(1).optional().openapi({
      description: "Put the result's columns into one property of the output row. Array needs it.",
    }),
    ordered: z.boolean().optional().openapi({
      description: "Outputs in the order of the rows (default), or as they are done.",
    }),
  })
  .openapi("ExecuteEachHead", {
    description: "The first line of the body; each line behind it is a row, an object.",
  });

const span = z.object({ start: z.number().int(), end: z.number().int() }).openapi("Span", {
  description: "Into the command, in UTF-16 code units, half-open.",
});

const finding = z
  .object({
    severity: z.enum(["error", "warning"]),
    code: z.string(),
    message: z.string(),
    hint: z.string().optional(),
    span: span.optional(),
  })
  .openapi("Finding");

export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    code: z.string(),
    hint: z.string().optional(),
    span: span.optional(),
    diagnostics: z.array(finding).optional(),
  })
  .openapi("Problem", { description: "RFC 9457, with callsql's code, place and hint." });

const column = z
  .object({
    name: z.string(),
    type: z.string().optional(),
    format: z.enum(["embedding"]).optional(),
  })
  .openapi("Column");

const describedParameter = z
  .object({
    name: z.string(),
    procedure: z.string().optional(),
    parameter: z.string().optional(),
    type: z.string().optional(),
    isRequired: z.boolean().optional(),
  })
  .openapi("DescribedParameter");

const counts = z
  .object({
    calls: z.number().int(),
    made: z.number().int(),
    cached: z.number().int(),
    failed: z.number().int(),
    inputTokens: z.number().int(),
    outputTokens: z.number().int(),
    costUsd: z.number(),
    elapsedMs: z.number().int(),
  })
  .openapi("Counts");

const cell = z.unknown().openapi("Cell", {
  description:
    'A value. BLOBs are {"$base64": true, "encoded": …, "mimeType": …}, vectors arrays of numbers, integers exact.',
});

export const executeAnswer = z
  .object({
    columns: z.array(column),
    rows: z.array(z.union([z.record(z.string(), cell), z.array(cell)])),
    affectedRows: z.number().int(),
    isTruncated: z.boolean(),
    warnings: z.array(finding),
    counts: counts.optional(),
    parameters: z.array(describedParameter).optional(),
  })
  .openapi("ExecuteAnswer");

export const executeLine = z
  .union([
    z.object({ columns: z.array(column), parameters: z.array(describedParameter).optional() }),
    z.object({ row: z.union([z.record(z.string(), cell), z.array(cell)]) }),
    z.object({
      end: z.object({
        affectedRows: z.number().int(),
        isTruncated: z.boolean(),
        warnings: z.array(finding),
        counts: counts.optional(),
      }),
    }),
    z.object({ error: problem }),
  ])
  .openapi("ExecuteLine", { description: "One line: columns first, then rows, then end or error." });

export const eachLine = z
  .union([
    z.object({ columns: z.array(column) }),
    z.object({
      index: z.number().int(),
      output: z.enum(["matched", "unmatched"]),
      row: z.record(z.string(), cell),
    }),
    z.object({
      index: z.number().int(),
      output: z.literal("error"),
      input: z.record(z.string(), cell),
      error: finding,
    }),
    z.object({
      end: z.object({
        affectedRows: z.number().int(),
        isTruncated: z.boolean(),
        warnings: z.array(finding),
        counts: counts.extend({
          rows: z.number().int(),
          matched: z.number().int(),
          unmatched: z.number().int(),
          errors: z.number().int(),
        }),
      }),
    }),
    z.object({ error: problem }),
  ])
  .openapi("ExecuteEachLine", {
    description: "One line: columns first, then what came of each row, at last end or error.",
  });

export const explainAnswer = z
  .object({
    sites: z.array(
      z.object({
        site: z.number().int().optional(),
        procedure: z.string(),
        models: z.array(z.string()),
        connections: z.array(z.string()),
        calls: z.number().int(),
        bound: z.enum(["exact", "at least", "about"]),
        recorded: z.number().int(),
        invalid: z.number().int(),
        requests: z.number().int(),
        inputTokens: z.number(),
        cost: z.object({ minUsd: z.number(), maxUsd: z.number(), asOf: z.string().optional() }).optional(),
      }),
    ),
    warnings: z.array(finding),
  })
  .openapi("ExplainAnswer");

export const procedureAnswer = z
  .object({
    name: z.string(),
    summary: z.string(),
    signature: z.string(),
    source: z.string(),
    primary: z.string(),
    examples: z.array(z.string()),
    parameters: z.array(
      z.object({
        name: z.string(),
        type: z.string(),
        summary: z.string(),
        isRequired: z.boolean(),
        default: z.union([z.string(), z.number(), z.boolean()]).optional(),
        values: z.array(z.string()).optional(),
        min: z.number().optional(),
        max: z.number().optional(),
      }),
    ),
    columns: z.array(z.object({ name: z.string(), type: z.string(), summary: z.string() })),
  })
  .openapi("Procedure");

export const proceduresAnswer = z
  .object({
    procedures: z.array(z.object({ name: z.string(), signature: z.string(), summary: z.string() })),
  })
  .openapi("Procedures");

export const runsAnswer = z
  .object({
    runs: z.array(
      z.object({
        id: z.number().int(),
        status: z.string(),
        started_at: z.string(),
        ended_at: z.string().nullable(),
        succeeded: z.number().int(),
        failed: z.number().int(),
        unknown: z.number().int(),
        input_tokens: z.number().int().nullable(),
        output_tokens: z.number().int().nullable(),
        cost_usd: z.number().nullable(),
      }),
    ),
  })
  .openapi("Runs");

export const healthAnswer = z
  .object({ status: z.enum(["ok", "shutting down"]), version: z.string() })
  .openapi("Health");

export const procedureName = z.object({ name: z.string().openapi({ example: "GenerateResponse" }) });

export const text = z.string();
