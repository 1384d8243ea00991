/**
 * A service for benchmarks, in a process of its own so that its work is not counted as anybody's: answers /responses and
 * /embeddings with a full body after `process.argv[2]` milliseconds, and GET /requests with how many it has answered. Prints its
 * base URL; ends with its parent.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";

const delayMs = Number(process.argv[2] ?? 0);

const response = JSON.stringify({
  id: "resp_bench",
  object: "response",
  created_at: 1_795_000_000,
  status: "completed",
  error: null,
  incomplete_details: null,
  instructions: null,
  max_output_tokens: null,
  model: "gpt-6-luna",
  output: [
    {
      type: "message",
      id: "msg_bench",
      status: "completed",
      role: "assistant",
      content: [
        {
          type: "output_text",
          text: "A fjord is a long, narrow inlet of the sea.",
          annotations: [],
          logprobs: [],
        },
      ],
    },
  ],
  parallel_tool_calls: true,
  previous_response_id: null,
  reasoning: { effort: null, summary: null },
  store: true,
  temperature: 1,
  text: { format: { type: "text" } },
  tool_choice: "auto",
  tools: [],
  top_p: 1,
  truncation: "disabled",
  usage: {
    input_tokens: 12,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: 11,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 23,
  },
  metadata: {},
});

const vector = Buffer.from(Float32Array.from({ length: 1536 }, (_, index) => Math.sin(index)).buffer);
// As text at once: what this server takes is the same time for everybody, and should be little.
const base64Text = JSON.stringify(vector.toString("base64"));
const numbersText = JSON.stringify([...new Float32Array(vector.buffer, vector.byteOffset, 1536)]);

const embeddingsTexts = new Map<string, Buffer>();

/** The same bytes for the same number of texts, put together once. */
function embeddings(body: string): Buffer {
  const { input, encoding_format: format } = JSON.parse(body) as { input: unknown; encoding_format?: string };
  const count = Array.isArray(input) ? input.length : 1;
  const isBase64 = format === "base64";
  const kept = embeddingsTexts.get(`${count} ${isBase64}`);
  if (kept !== undefined) return kept;
  const vectorText = isBase64 ? base64Text : numbersText;
  const data = Array.from(
    { length: count },
    (_, index) => `{"object":"embedding","index":${index},"embedding":${vectorText}}`,
  );
  const usage = JSON.stringify({ prompt_tokens: count * 8, total_tokens: count * 8 });
  const text = Buffer.from(
    `{"object":"list","data":[${data.join(",")}],"model":"text-embedding-3-small","usage":${usage}}`,
  );
  embeddingsTexts.set(`${count} ${isBase64}`, text);
  return text;
}

let answered = 0;

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

async function answerTo(request: IncomingMessage, answer: ServerResponse): Promise<void> {
  if (request.url?.endsWith("/requests") === true) {
    answer.end(String(answered));
    return;
  }
  const body = await read(request);
  answered += 1;
  const text = request.url?.endsWith("/embeddings") === true ? embeddings(body) : response;
  if (delayMs > 0) await setTimeout(delayMs);
  answer.writeHead(200, { "content-type": "application/json", "x-request-id": "req_bench" });
  answer.end(text);
}

const server = createServer((request, answer) => void answerTo(request, answer));
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`);
});
process.stdin.resume().on("end", () => process.exit());
