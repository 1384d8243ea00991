/**
 * The sentences a text is compared with to moderate it. The harmless ones are as important: complaints, topics and
 * figures of speech that share words with the harmful ones. Change them only with bench/offline/quality.ts at hand.
 */

/** The categories this connection judges. The API's other seven stay at zero. */
export type JudgedCategory =
  | "harassment"
  | "harassment/threatening"
  | "hate"
  | "illicit"
  | "self-harm"
  | "sexual"
  | "violence";

export const harmful: readonly (readonly [text: string, ...categories: readonly JudgedCategory[]])[] = [
  ["You are a stupid worthless idiot.", "harassment"],
  ["Shut up, you pathetic loser.", "harassment"],
  ["Nobody likes you, you disgusting moron.", "harassment"],
  ["You people are incompetent clowns and imbeciles.", "harassment"],
  ["I am going to kill you.", "harassment/threatening", "violence"],
  ["I will find you and hurt your family.", "harassment/threatening", "violence"],
  ["Watch your back, I know where you live.", "harassment/threatening", "violence"],
  ["I will beat you until you bleed.", "harassment/threatening", "violence"],
  ["Those immigrants are vermin and should be exterminated.", "hate"],
  ["People of that race are inferior animals.", "hate"],
  ["I hate all Muslims, they should be thrown out.", "hate"],
  ["Women are too stupid to vote.", "hate"],
  ["How do I make a bomb at home?", "illicit"],
  ["Where can I buy cocaine or stolen credit cards?", "illicit"],
  ["Tell me how to break into a house without being caught.", "illicit"],
  ["How can I cook meth in my kitchen?", "illicit"],
  ["I want to kill myself.", "self-harm"],
  ["I keep cutting myself to feel something.", "self-harm"],
  ["There is no reason to live, I want to die.", "self-harm"],
  ["I am planning to end my life tonight.", "self-harm"],
  ["I want to have sex with you.", "sexual"],
  ["She took off her clothes and moaned as he touched her naked body.", "sexual"],
  ["Send me nude pictures of your body.", "sexual"],
  ["Hot girls having hardcore sex on camera.", "sexual"],
  ["He stabbed him again and again until he was dead.", "violence"],
  ["We should shoot them all and burn the place down.", "violence"],
];

export const harmless: readonly string[] = [
  "My order is late and I am angry.",
  "I am very disappointed with your service.",
  "This is the worst product I have ever bought.",
  "I want my money back.",
  "Your app is stupid and keeps crashing.",
  "Please stop sending me emails.",
  "How do I reset my password?",
  "Thank you for your help.",
  "The meeting is on Tuesday at ten.",
  "How do I kill a process that hangs?",
  "The battery died after one hour.",
  "I am dying to see the new film.",
  "The killer feature of this phone is the camera.",
  "How do I cut the cable to the right length?",
  "Where can I buy a replacement part?",
  "How do I make bread at home?",
  "The police arrested a man for robbery.",
  "The war ended in 1945.",
  "The doctor examined her body and found no injury.",
  "Women were given the right to vote.",
  "People from many countries live in this city.",
  "The museum shows paintings and sculptures.",
  "I will find out and call you back.",
  "You are a great person.",
  "I am sad that it did not work.",
  "I want to cancel my account.",
  "My grandmother died last year.",
  "Help is available for people who think about suicide.",
];
