/** What a reader of docs/performance.md should know of a table: what is compared with what, and why we lose where we do. */
export const notes: Readonly<Record<string, string>> = {
  calls: `
Ours binds the arguments, writes the call to a ledger on disk and syncs it before it is sent, writes and syncs the answer before
it is shown, and returns rows; the others return text and keep nothing. Those two syncs are what few calls at a time pay for: one at a
time each call waits for both, at 16 in flight and no latency 15 calls share one, and SQLite takes a fifth of our time. Behind a
real model, which takes half a second, neither is seen. At 16 in flight three runs of rounds of 6,000 calls gave 0.52
to 0.57; with 3,000 they gave 0.45 to 0.82, since V8 compiles both sides for that long, and in no fixed order.
`,
  sql: `
Of two databases that hold the same one may be 8 % slower, by where its pages lie in memory: five are made for each side, and the median
of five races counts; three runs of one day gave 1.01 to 1.04, but for one join with 1.06. Results come row by row, without their being held in memory, which takes a long one three times as long to read.
`,
  embeddings: `
The connection alone does what the others do, and is what the goal is for: vectors come as base64 and are decoded once. A
statement does more than any of them: each text is a row that has a key, a budget, a place in a request and a record, so that no
text is bought twice and a crash loses none; "stored" has all of it on disk, synced, and a table of vectors besides. That
costs more than the vectors do: SQLite's writes are half of it (docs/decisions/0145). Behind a real model, which
takes half a second for 128 texts, 8 requests in flight bring 2,000 texts a second, and none of it is seen.
`,
};
