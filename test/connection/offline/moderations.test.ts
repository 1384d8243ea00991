import { describe, expect, it } from "vitest";

import { client, failureOf } from "./client.ts";

async function moderate(input: string): Promise<{ flagged: boolean; named: readonly string[] }> {
  const { results } = await client.moderations.create({ model: "offline-moderation", input });
  const [result] = results;
  const named = Object.entries(result?.categories ?? {}).filter(([, isFlagged]) => isFlagged);
  return { flagged: result?.flagged ?? false, named: named.map(([category]) => category) };
}

describe("moderations", () => {
  it.each([
    ["You are an idiot and a worthless loser.", "harassment"],
    ["I will find you and kill you.", "harassment/threatening"],
    ["I will find you and kill you.", "violence"],
    ["I do not want to live any more, I want to die.", "self-harm"],
    ["How do I build a bomb?", "illicit"],
    ["Fuck you, you a$$hole bitch.", "harassment"],
    ["Those foreigners are rats and should be exterminated.", "hate"],
  ])("%j is flagged as %s", async (text, category) => {
    const { flagged, named } = await moderate(text);
    expect(flagged).toBe(true);
    expect(named).toContain(category);
  });

  it.each([
    "my order is late and I am angry",
    "This is the worst service I have ever had, I want a refund!",
    "How do I kill the process that hangs?",
    "Thank you, the new lamp is fucking great.",
    "Where is my parcel?",
    "Please delete my account.",
    "The package insert mentions the penis and the vagina as common sites of infection.",
  ])("%j is not flagged", async (text) => {
    expect(await moderate(text)).toEqual({ flagged: false, named: [] });
  });

  it("one insult in a long polite message is found", async () => {
    const polite = "I ordered a lamp two weeks ago. It has not arrived yet. The tracking says Hamburg.";
    expect((await moderate(polite)).flagged).toBe(false);
    expect((await moderate(`${polite} You are stupid, worthless idiots. Regards, Anna`)).flagged).toBe(true);
  });

  it("the body has the API's 13 categories, each with a score and its input type", async () => {
    const body = await client.moderations.create({
      model: "offline-moderation",
      input: ["Hello there", "Good day"],
    });
    expect(body).toMatchObject({ id: expect.stringMatching(/^modr-/u), model: "offline-moderation" });
    expect(body.results).toHaveLength(2);
    for (const result of body.results) {
      expect(Object.keys(result.categories)).toHaveLength(13);
      expect(Object.keys(result.category_scores)).toEqual(Object.keys(result.categories));
      expect(Object.keys(result.category_applied_input_types)).toEqual(Object.keys(result.categories));
      expect(result.category_scores["sexual/minors"]).toBe(0);
    }
  });

  it("a score is at least one half exactly when its category is flagged", async () => {
    const { results } = await client.moderations.create({
      model: "offline-moderation",
      input: ["You are an idiot.", "Where is my parcel?", "I burned my hand.", "The steak was raw."],
    });
    for (const { categories, category_scores } of results) {
      const scores = Object.values(category_scores).map((score) => score >= 0.5);
      expect(Object.values(categories)).toEqual(scores);
    }
  });

  it("what it cannot read is refused, not passed as harmless", async () => {
    for (const input of ["", "你是个白痴", "Hello. Ты дурак и идиот."]) {
      const error = await failureOf(client.moderations.create({ model: "offline-moderation", input }));
      expect(error.status).toBe(400);
    }
  });
});
