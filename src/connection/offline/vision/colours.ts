/** Names the main colours of an image: each pixel counts for the nearest of a few names. */

/** Most frequent first; only those that cover a twentieth of the opaque pixels. */
export function mainColours(pixels: Uint8Array): readonly string[] {
  const counts = new Map<string, number>();
  let opaque = 0;
  for (let at = 0; at < pixels.length; at += 4) {
    const [red = 0, green = 0, blue = 0, opacity = 0] = pixels.subarray(at, at + 4);
    if (opacity < 128) continue;
    const name = nearestName([red, green, blue]);
    counts.set(name, (counts.get(name) ?? 0) + 1);
    opaque += 1;
  }
  return [...counts]
    .filter(([, count]) => count >= opaque / 20)
    .toSorted(([, left], [, right]) => right - left)
    .slice(0, namesMax)
    .map(([name]) => name);
}

type Colour = readonly [red: number, green: number, blue: number];

function nearestName(colour: Colour): string {
  let best = "";
  let bestDistance = Infinity;
  for (const [name, other] of names) {
    const distance = distanceOf(colour, other);
    if (distance >= bestDistance) continue;
    best = name;
    bestDistance = distance;
  }
  return best;
}

/** Squared, weighted by how well the eye tells the channels apart at that redness. */
function distanceOf(left: Colour, right: Colour): number {
  const redness = (left[0] + right[0]) / 512;
  const [red, green, blue] = [left[0] - right[0], left[1] - right[1], left[2] - right[2]];
  return (2 + redness) * red * red + 4 * green * green + (3 - redness) * blue * blue;
}

const names: readonly (readonly [string, Colour])[] = [
  ["black", [0, 0, 0]],
  ["dark grey", [80, 80, 80]],
  ["grey", [140, 140, 140]],
  ["light grey", [210, 210, 210]],
  ["white", [255, 255, 255]],
  ["dark red", [130, 20, 20]],
  ["red", [220, 30, 30]],
  ["pink", [250, 150, 180]],
  ["orange", [245, 140, 30]],
  ["brown", [120, 75, 35]],
  ["beige", [235, 215, 180]],
  ["yellow", [250, 225, 50]],
  ["light green", [150, 220, 130]],
  ["green", [40, 160, 60]],
  ["dark green", [15, 80, 35]],
  ["turquoise", [60, 190, 190]],
  ["light blue", [150, 200, 240]],
  ["blue", [40, 100, 220]],
  ["dark blue", [20, 50, 120]],
  ["purple", [130, 50, 170]],
];
const namesMax = 4;
