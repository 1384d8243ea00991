/**
 * Crude words by the `obscenity` package, which sees through spellings such as "a$$". Only words that say something
 * about the sentence are used: mere swearing and the names of body parts are no offence.
 */
import type * as Obscenity from "obscenity";

import { createPackages } from "./packages.ts";
import type { JudgedCategory } from "./prototypes.ts";

export type Lexicon = (text: string) => ReadonlySet<JudgedCategory>;

/** `folder`: where the package is when it is not installed beside callsql. */
export async function loadLexicon(folder: string): Promise<Lexicon> {
  const { RegExpMatcher, englishDataset, englishRecommendedTransformers } = readObscenity(
    createPackages(folder, "moderation").load("obscenity"),
  );
  const matcher = new RegExpMatcher({ ...englishDataset.build(), ...englishRecommendedTransformers });
  return (text) => {
    const found = new Set<JudgedCategory>();
    for (const match of matcher.getAllMatches(text)) {
      const word = englishDataset.getPayloadWithPhraseMetadata(match).phraseMetadata?.originalWord ?? "";
      const category = categoryByWord.get(word);
      if (category !== undefined) found.add(category);
      if (word === "fuck" && isAimed(text, match.startIndex, match.endIndex)) found.add("harassment");
    }
    return found;
  };
}

function readObscenity(module: unknown): typeof Obscenity {
  return module as typeof Obscenity;
}

const wordsByCategory: readonly (readonly [JudgedCategory, string])[] = [
  ["hate", "abo africoon arabush boonga chingchong chink dyke fag kike nigger retard spastic tranny"],
  ["harassment", "bastard bitch cunt prick slut twat whore"],
  [
    "sexual",
    "bestiality blowjob buttplug cum deepthroat doggystyle fellatio gangbang handjob hentai jizz orgy porn",
  ],
];

const categoryByWord = new Map(
  wordsByCategory.flatMap(([category, words]) => words.split(" ").map((word) => [word, category] as const)),
);

/** "fuck you", "fuck off", "you fucking …": at someone, unlike "this is fucking great". `end` is inclusive. */
function isAimed(text: string, start: number, end: number): boolean {
  const before = text.slice(Math.max(0, start - addressLength), start);
  const after = text.slice(end + 1, end + 1 + addressLength);
  return /\byou\s+$/iu.test(before) || /^\w*\s+(?:you|u|off|yourself)\b/iu.test(after);
}

const addressLength = 12;
