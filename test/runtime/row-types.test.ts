/** What TypeScript knows of a statement's rows: checked by `npm run types`, and against what the rows really hold. */
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from "vitest";
import {
  openSession,
  procedures,
  type ForEachOutput,
  type ProcedureRows,
  type ResultColumns,
  type ResultSet,
  type RowOf,
  type Session,
  type SqlValue,
} from "../../src/index.ts";
import { startOpenAIServer, type OpenAIServer } from "../support/openai-server.ts";

describe("the text of a statement says what its rows hold", () => {
  test("where it is a literal CALL", () => {
    type Embeddings = ProcedureRows["GetEmbeddings"];
    expectTypeOf<RowOf<"CALL GetEmbeddings(:t)">>().toEqualTypeOf<Embeddings>();
    expectTypeOf<RowOf<"  call\n getembeddings (upper(:t), Model => :m) ;\n">>().toEqualTypeOf<Embeddings>();
    expectTypeOf<Embeddings["Embedding"]>().toEqualTypeOf<Uint8Array | null>();
    expectTypeOf<Embeddings["Status"]>().toEqualTypeOf<string | null>();
    expectTypeOf<Embeddings["Usage_PromptTokens"]>().toEqualTypeOf<number | null>();
    expectTypeOf<Embeddings["Text"]>().toEqualTypeOf<SqlValue>();
    expectTypeOf<RowOf<"CALL GenerateImage(:Instructions)">>().toEqualTypeOf<
      ProcedureRows["GenerateImage"]
    >();
  });

  test("and nothing where it may be anything else", () => {
    expectTypeOf<RowOf<string>>().toEqualTypeOf<ResultColumns>();
    expectTypeOf<RowOf<"SELECT GetEmbeddings(:t)">>().toEqualTypeOf<ResultColumns>();
    expectTypeOf<RowOf<"CALL Nothing(:t)">>().toEqualTypeOf<ResultColumns>();
    expectTypeOf<RowOf<"CALL GetEmbeddings(:t) INTO v">>().toEqualTypeOf<ResultColumns>();
    expectTypeOf<RowOf<"SELECT 1; CALL GetEmbeddings(:t)">>().toEqualTypeOf<ResultColumns>();
    // With an Image it is EditImage.
    expectTypeOf<RowOf<"CALL GenerateImage(:Instructions, :Image)">>().toEqualTypeOf<ResultColumns>();
  });

  // Never run: what it says is said to the compiler.
  async function sessionTypes(session: Session, sql: string): Promise<void> {
    const result = await session.execute("CALL ModerateText(:t)", { t: "" });
    expectTypeOf(result).toEqualTypeOf<ResultSet<ProcedureRows["ModerateText"]>>();
    expectTypeOf(result).toExtend<ResultSet>();
    expectTypeOf((await result.all())[0]?.Flagged).toEqualTypeOf<number | null | undefined>();
    for await (const row of result) expectTypeOf(row.Flagged).toEqualTypeOf<number | null>();
    // @ts-expect-error no such column
    void (await result.first())?.Flaged;
    expectTypeOf(await session.execute(sql)).toEqualTypeOf<ResultSet>();
    const prepared = session.prepare("CALL SummarizeText(:t)");
    expectTypeOf((await (await prepared.execute()).first())?.Summary).toEqualTypeOf<
      string | null | undefined
    >();

    const rows = [{ id: 1, body: "text" }];
    for await (const out of session.executeForEach("CALL SummarizeText(:body)", rows)) {
      expectTypeOf(out.input).toEqualTypeOf<{ id: number; body: string }>();
      if (out.output === "error") {
        expectTypeOf(out.error.code).toExtend<string>();
        // @ts-expect-error a row that failed has none
        void out.row;
      } else {
        expectTypeOf(out.row.id).toEqualTypeOf<number>();
        expectTypeOf(out.row.Summary).toEqualTypeOf<string | null>();
      }
    }
    // The input's own column stands.
    const clash = session.executeForEach("CALL SummarizeText(:a)", [{ Status: 1, a: "" }]);
    for await (const out of clash)
      if (out.output !== "error") expectTypeOf(out.row.Status).toEqualTypeOf<number>();
    const nested = session.executeForEach("CALL SummarizeText(:a)", [{ a: "" }], { property: "s" });
    for await (const out of nested) {
      if (out.output !== "error") expectTypeOf(out.row.s.Summary).toEqualTypeOf<string | null>();
    }
    const lists = session.executeForEach(sql, [{ a: "" }], {
      behavior: "Array",
      property: "list",
      ordered: false,
    });
    for await (const out of lists) {
      if (out.output !== "error") expectTypeOf(out.row.list).toEqualTypeOf<readonly ResultColumns[]>();
    }
    const any: AsyncIterable<ForEachOutput<object, unknown>> = lists;
    void any;
    // @ts-expect-error no such behaviour
    void session.executeForEach(sql, rows, { behavior: "Last" });
    // @ts-expect-error rows are objects
    void session.executeForEach(sql, [1, 2]);
    // @ts-expect-error a mapping sees the input row
    void session.executeForEach(sql, rows, { bind: ({ nothing }) => ({ nothing }) });
  }

  test("in every method of a session", () => expect(sessionTypes).toBeTypeOf("function"));
});

describe("what the types say is so", () => {
  let server: OpenAIServer;
  beforeAll(async () => {
    server = await startOpenAIServer();
  });
  afterAll(() => server.close());

  const types: Record<string, (value: SqlValue) => boolean> = {
    text: (value) => typeof value === "string",
    integer: (value) => Number.isInteger(value),
    real: (value) => typeof value === "number",
    blob: (value) => value instanceof Uint8Array,
  };
  const commands = [
    "CALL GenerateResponse('hi')",
    "CALL ModerateText('hi')",
    "CALL GetEmbeddings('hi')",
    "CALL SummarizeText('hi')",
    "CALL ClassifyText('hi', 'a, b')",
    "CALL GenerateImage('a cat')",
    "CALL GenerateAudio('hi', Voice => 'alloy', Model => 'gpt-4o-mini-tts')",
  ];
  for (const command of commands) {
    test(command, async () => {
      await using session = await openSession({
        connection: "openai",
        env: { OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: server.url },
      });
      const row: ResultColumns = (await (await session.execute<string>(command)).first()) ?? {};
      const name = /CALL (\w+)/.exec(command)?.[1];
      const procedure = procedures.find((item) => item.name === name);
      expect(Object.keys(row)).toEqual(procedure?.columns.map((column) => column.name));
      const wrong = procedure?.columns.filter((column) => {
        const value = row[column.name] ?? null;
        return value !== null && types[column.type]?.(value) !== true;
      });
      expect(wrong).toEqual([]);
    });
  }
});
