/** Twenty things people say into a telephone, to be spoken and written down again: all words, few numbers. */
export const spokenSentences: readonly string[] = [
  "Please call me back about the invoice.",
  "The package arrived damaged and I would like a refund.",
  "We meet on Tuesday at nine in the morning.",
  "My order has not arrived yet and I am getting worried.",
  "Could you change the delivery address to our new office?",
  "The green lamp in the kitchen does not switch on any more.",
  "I would like to cancel my subscription at the end of the month.",
  "Thank you for the quick help with my account.",
  "There is water coming out of the machine, please send somebody today.",
  "The meeting was moved to the large room on the second floor.",
  "I forgot my password and the link in your mail has expired.",
  "Can you send me a copy of the contract before Friday?",
  "The driver left the parcel with our neighbour.",
  "I was charged twice for the same order last week.",
  "Our heating stopped working last night and it is very cold.",
  "Do you also have this jacket in blue?",
  "The manual says nothing about cleaning the filter.",
  "I am happy with the chair, but one screw was missing.",
  "Please tell the doctor that I will be ten minutes late.",
  "The train leaves at noon and we still have to buy tickets.",
];

/** Edits (words put in, left out or replaced) that make `heard` of `said`, as a share of its words. */
export function wordErrorRate(said: string, heard: string): number {
  const expected = wordsOf(said);
  const found = wordsOf(heard);
  let costs = Array.from({ length: found.length + 1 }, (_, index) => index);
  for (const [row, word] of expected.entries()) {
    const next = [row + 1];
    for (const [column, other] of found.entries()) {
      const replaced = (costs[column] ?? 0) + (word === other ? 0 : 1);
      next.push(Math.min(replaced, (costs[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    costs = next;
  }
  return (costs.at(-1) ?? 0) / Math.max(1, expected.length);
}

function wordsOf(text: string): readonly string[] {
  return (
    text
      .toLowerCase()
      .replace(/['’]/gu, "")
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}
