/** Text in colours, or as it is. Only what callsql writes has colours: none stands inside another of its kind. */

/** What switches each on and off: SGR of ECMA-48. */
const codes = {
  bold: [1, 22],
  dim: [2, 22],
  inverse: [7, 27],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
} as const;

export type Colours = Readonly<Record<keyof typeof codes, (text: string) => string>>;

export function createColours(isColourful: boolean): Colours {
  const painters = Object.entries(codes).map(([name, [on, off]]) => [
    name,
    (text: string) => (isColourful ? `\u001b[${on}m${text}\u001b[${off}m` : text),
  ]);
  return Object.fromEntries(painters) as Colours;
}
