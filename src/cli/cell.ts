/**
 * Text from outside (a CSV cell, `-p NAME=VALUE`) as a value: a number where the text is how a number is
 * written, text otherwise. Chosen so that nothing is lost: 007, +49, 1e5 and 12345678901234567890 stay text.
 */
import type { SqlValue } from "../index.ts";

const integer = /^-?(0|[1-9]\d*)$/;
/** Trailing zeros are allowed: with 19.9 a number and 19.90 a text, a price column would not compare. */
const decimal = /^-?(0|[1-9]\d*)\.\d+(e[-+]?\d+)?$/i;
/** Digits that a double keeps. */
const digitsMax = 17;

export function typedValue(text: string): SqlValue {
  // Most texts end here, without a regular expression.
  const first = text.charCodeAt(0);
  if (!(first >= 0x30 && first <= 0x39) && first !== 0x2d) return text;
  if (integer.test(text)) return integerOf(text);
  if (!decimal.test(text) && !isWrittenByJavaScript(text)) return text;
  const value = Number(text);
  const digits = text.replace(/e.*$/i, "").replace(/\D/g, "");
  return Number.isFinite(value) && digits.length <= digitsMax ? value : text;
}

function integerOf(text: string): SqlValue {
  if (text === "-0") return text;
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  const exact = BigInt(text);
  return BigInt.asIntN(64, exact) === exact ? exact : text;
}

/** 1e-7 and 1e+21: what our own CSV output writes for such numbers. */
function isWrittenByJavaScript(text: string): boolean {
  return String(Number(text)) === text && /\d/.test(text);
}
