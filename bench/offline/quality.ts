/** Prints how good and how fast the offline models are. Run: node bench/offline/quality.ts */
import { offlineModels } from "../../src/connection/offline/offline.ts";
import { countFirst } from "./rank.ts";
import { client } from "./requests.ts";
import {
  article,
  heldArticle,
  heldQuestions,
  moderationHeld,
  moderationTuned,
  news,
  newsCategories,
  paraphrases,
  questions,
  retrieval,
  sentiment,
  ticketCategories,
  tickets,
} from "./sets.ts";

const started = performance.now();
await embed(["warm up"]);
console.log(`first embedding, load included: ${(performance.now() - started).toFixed(0)} ms`);
await measureParaphrases();
await measureRetrieval();
await measureClassification("tickets, with descriptions", tickets, ticketCategories);
await measureClassification(
  "tickets, labels only",
  tickets,
  Object.fromEntries(Object.keys(ticketCategories).map((label) => [label, ""])),
);
await measureClassification(
  "news, labels only",
  news,
  Object.fromEntries(newsCategories.map((label) => [label, ""])),
);
await measureClassification("sentiment", sentiment, { positive: "", negative: "", neutral: "" });
await measureModeration("tuned on", moderationTuned);
await measureModeration("held out", moderationHeld);
await measureAnswers("tuned on", article, questions);
await measureAnswers("held out", heldArticle, heldQuestions);
await measureJob();

async function embed(input: string[]): Promise<readonly (readonly number[])[]> {
  const { data } = await client.embeddings.create({ model: offlineModels.embedding, input });
  return data.map((item) => item.embedding);
}

/** Every left side should be nearest to its own right side among all right sides. */
async function measureParaphrases(): Promise<void> {
  const left = await embed(paraphrases.map(([text]) => text));
  const right = await embed(paraphrases.map(([, text]) => text));
  console.log(`paraphrase found among ${right.length}: ${countFirst(right, left)}/${left.length}`);
}

async function measureRetrieval(): Promise<void> {
  const articles = await embed(retrieval.map(([text]) => text));
  const asked = await embed(retrieval.map(([, question]) => question));
  console.log(`article found for a question, held out: ${countFirst(articles, asked)}/${asked.length}`);
}

async function classify(text: string, categories: Readonly<Record<string, string>>): Promise<string> {
  const labels = Object.keys(categories);
  const lines = Object.entries(categories).map(([label, meaning]) =>
    meaning ? `- ${label}: ${meaning}` : `- ${label}`,
  );
  const response = await client.responses.create({
    model: offlineModels.text,
    instructions: `Classify the text into exactly one of these categories.\n${lines.join("\n")}`,
    input: text,
    text: {
      format: {
        type: "json_schema",
        name: "classification",
        strict: true,
        schema: {
          type: "object",
          properties: { category: { type: "string", enum: labels }, confidence: { type: "number" } },
          required: ["category", "confidence"],
          additionalProperties: false,
        },
      },
    },
  });
  return response.output_text;
}

async function measureClassification(
  name: string,
  texts: readonly (readonly [string, string])[],
  categories: Readonly<Record<string, string>>,
): Promise<void> {
  const answers = await Promise.all(texts.map(([text]) => classify(text, categories)));
  const misses = texts.filter(([, label], index) => !answers[index]?.startsWith(`{"category":"${label}"`));
  console.log(`classification, ${name}: ${texts.length - misses.length}/${texts.length}`);
  for (const [text, label] of misses)
    console.log(`  ${label}: ${text} ${answers[texts.findIndex((each) => each[0] === text)]}`);
}

async function measureModeration(
  name: string,
  texts: readonly (readonly [string, boolean])[],
): Promise<void> {
  const { results } = await client.moderations.create({
    model: offlineModels.moderation,
    input: texts.map(([text]) => text),
  });
  const flagged = results.map((result) => result.flagged);
  const count = (harmful: boolean, isFlagged: boolean): number =>
    texts.filter(([, label], index) => label === harmful && flagged[index] === isFlagged).length;
  const hits = count(true, true);
  const f1 = (2 * hits) / (2 * hits + count(false, true) + count(true, false));
  console.log(
    `moderation, ${name}: ${hits} of ${hits + count(true, false)} harmful flagged, ${count(false, true)} of ${count(false, true) + count(false, false)} harmless flagged, F1 ${f1.toFixed(2)}`,
  );
  for (const [index, [text, label]] of texts.entries()) {
    if (flagged[index] !== label) console.log(`  ${label ? "missed" : "flagged"}: ${text}`);
  }
}

async function measureAnswers(
  name: string,
  text: string,
  asked: readonly (readonly [string, string])[],
): Promise<void> {
  const answers = await Promise.all(
    asked.map(async ([question]) => {
      const input = `${question}\n\n${text}`;
      return client.responses.create({ model: offlineModels.text, input }).then(
        (response) => response.output_text,
        (error: unknown) => `refused: ${String(error)}`,
      );
    }),
  );
  const misses = asked.filter(([, words], index) => !answers[index]?.includes(words));
  console.log(`answers from an article, ${name}: ${asked.length - misses.length}/${asked.length}`);
  for (const [question] of misses)
    console.log(`  ${question} -> ${answers[asked.findIndex((each) => each[0] === question)]}`);
}

/** 300 texts of two sentences through three procedures, 60 summaries of six sentences; 16 requests at a time. */
async function measureJob(): Promise<void> {
  const texts = Array.from({ length: 300 }, (_, index) => {
    // A number in every sentence: nothing may be taken from the cache but what another procedure read.
    const pick = (offset: number): string => tickets[(index * 7 + offset) % tickets.length]?.[0] ?? "";
    return `Order ${1000 + index}: ${pick(0)} Case ${9000 + index}: ${pick(5)}`;
  });
  const long = Array.from({ length: 60 }, (_, index) =>
    article
      .split(". ")
      .slice(index % 6, (index % 6) + 6)
      .join(` in report ${index}. `),
  );
  const model = offlineModels.text;
  const steps: readonly (readonly [string, readonly string[], (text: string) => Promise<unknown>])[] = [
    ["300 embedded", texts, (text) => embed([text])],
    [
      "300 moderated",
      texts,
      (text) => client.moderations.create({ model: offlineModels.moderation, input: text }),
    ],
    ["300 classified", texts, (text) => classify(text, ticketCategories)],
    [
      "60 summarised",
      long,
      (text) =>
        client.responses.create({ model, instructions: "Summarize the text in 2 sentences.", input: text }),
    ],
  ];
  let total = 0;
  for (const [name, inputs, work] of steps) {
    const start = performance.now();
    await runAll(inputs, work);
    const elapsed = performance.now() - start;
    total += elapsed;
    console.log(`${name}: ${(elapsed / 1000).toFixed(2)} s`);
  }
  console.log(
    `all: ${(total / 1000).toFixed(2)} s, memory ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`,
  );
}

async function runAll(inputs: readonly string[], work: (text: string) => Promise<unknown>): Promise<void> {
  const queue = inputs.values();
  const worker = async (): Promise<void> => {
    for (const text of queue) await work(text);
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}
