/** What GetEmbeddings gives is what sqlite-vec reads. */
import { describe, expect, test } from "vitest";
import { useService } from "./support/service.ts";

const service = useService();

describe("an embedding", () => {
  test("is a vector of float32 that sqlite-vec measures", async () => {
    const row = await service().row(
      `SELECT vec_length(Embedding) AS dimensions, Embedding_Dimensions AS told, vec_type(Embedding) AS type,
              round(vec_distance_L2(Embedding, Embedding), 6) AS self, length(Embedding) AS bytes
       FROM GetEmbeddings('a red car', Dimensions => 64)`,
    );
    expect(row).toEqual({ dimensions: 64, told: 64, type: "float32", self: 0, bytes: 256 });
  });

  test.each([
    ["base64", Buffer.from(new Float32Array([0.5, -0.25, 1]).buffer).toString("base64")],
    ["numbers", [0.5, -0.25, 1]],
  ])("is the vector the service sent as %s", async (_, embedding) => {
    const { row, server } = service();
    server.answerWith(() => ({ data: [{ index: 0, embedding }], model: "m", usage: { prompt_tokens: 1 } }));
    const found = await row("SELECT vec_to_json(Embedding) AS vector FROM GetEmbeddings('a red car')");
    expect(JSON.parse(String(found["vector"]))).toEqual([0.5, -0.25, 1]);
  });

  test("is compared as a value, near what means the same", async () => {
    const rows = await service().rows(
      `SELECT column1 AS text FROM (VALUES ('green tea'), ('a red fast car'), ('a red bike'))
       ORDER BY vec_distance_cosine(GetEmbeddings(column1), GetEmbeddings('a red car'))`,
    );
    expect(rows.map(({ text }) => text)).toEqual(["a red fast car", "a red bike", "green tea"]);
  });

  test("fills a vec0 table that finds the nearest", async () => {
    const { run, rows } = service();
    await run(
      "CREATE TABLE notes AS SELECT column1 AS id, column2 AS body FROM (VALUES (1, 'green tea'), (2, 'a red fast car'), (3, 'a red bike'))",
    );
    await run("CREATE VIRTUAL TABLE near USING vec0(embedding float[64])");
    const filled = await run(
      "INSERT INTO near(rowid, embedding) SELECT n.id, e.Embedding FROM notes n, GetEmbeddings(n.body, Dimensions => 64) e",
    );
    expect(filled.affectedRows).toBe(3);
    const found = await rows(
      `SELECT n.body FROM near JOIN notes n ON n.id = near.rowid
       WHERE near.embedding MATCH GetEmbeddings('a red car', Dimensions => 64) AND k = 2 ORDER BY distance`,
    );
    expect(found.map(({ body }) => body)).toEqual(["a red fast car", "a red bike"]);
  });

  test("costs its tokens", async () => {
    const row = await service().row("CALL GetEmbeddings('a red car and a bike')");
    expect(row["Usage_PromptTokens"]).toBe(5);
    expect(row["Cost_Usd"]).toBeCloseTo((5 * 0.02) / 1e6, 15);
    const flagged = await service().row("CALL ModerateText('hello')");
    expect(flagged["Cost_Usd"]).toBe(0);
  });
});
