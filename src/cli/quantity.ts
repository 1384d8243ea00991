/** Numbers as people read them on stderr. Never used for results. */

/** `1 row`, `1,234 rows`. */
export function count(quantity: number, one: string, many = `${one}s`): string {
  return `${quantity.toLocaleString("en-US")} ${quantity === 1 ? one : many}`;
}

/** `0.2 s`, `42 s`, `3:07`, `1:02:09`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 9_950) return `${(milliseconds / 1000).toFixed(milliseconds < 100 ? 3 : 1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, "0"))).join(":");
}

/** Enough digits that a small cost is not shown as nothing. */
export function usd(amount: number): string {
  if (amount === 0) return "$0";
  return amount < 0.01 ? `$${decimal(amount)}` : `$${amount.toFixed(amount < 1 ? 4 : 2)}`;
}

/** Two digits that count, without an exponent. */
function decimal(amount: number): string {
  const digits = Math.min(20, 1 - Math.floor(Math.log10(amount)));
  return amount.toFixed(digits);
}
