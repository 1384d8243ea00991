/**
 * Numbers for keys: the first key is 0, the next new one 1. A million keys take 30 MB, outside of JavaScript's heap, where
 * a Map of strings takes four times that and the collector walks it again and again.
 */

/** Words of a key's digest that are kept: 120 bits, so that no two keys ever meet. */
const words = 4;
const emptySlot = 0;

export class CallIndex {
  #size = 0;
  #digests = new Uint32Array(words * 1024);
  /** Open addressing: number + 1 of the key that hashes there. Never more than half full. */
  #slots = new Int32Array(2048);
  readonly #asked = new Uint32Array(words);

  get size(): number {
    return this.#size;
  }

  /** Undefined for a key that was never added. `digest`: base64, as callDigest gives it. */
  find(digest: string): number | undefined {
    this.#read(digest);
    const number = itemAt(this.#slots, this.#place());
    return number === emptySlot ? undefined : number - 1;
  }

  /** The number of a key, a new one if need be. */
  add(digest: string): number {
    this.#read(digest);
    const place = this.#place();
    const known = itemAt(this.#slots, place);
    if (known !== emptySlot) return known - 1;
    const number = this.#size++;
    if (number * words >= this.#digests.length) this.#digests = grown(this.#digests);
    this.#digests.set(this.#asked, number * words);
    this.#slots[place] = number + 1;
    if (this.#size * 2 > this.#slots.length) this.#rehash();
    return number;
  }

  #read(digest: string): void {
    for (let word = 0; word < words; word++) {
      let bits = 0;
      for (let at = word * 5; at < word * 5 + 5; at++)
        bits = (bits << 6) | itemAt(sextets, digest.charCodeAt(at));
      this.#asked[word] = bits;
    }
  }

  /** Where the key asked for stands, or would stand. */
  #place(): number {
    const mask = this.#slots.length - 1;
    for (let place = itemAt(this.#asked, 0) & mask; ; place = (place + 1) & mask) {
      const number = itemAt(this.#slots, place);
      if (number === emptySlot || this.#isAsked(number - 1)) return place;
    }
  }

  #isAsked(number: number): boolean {
    for (let word = 0; word < words; word++) {
      if (this.#digests[number * words + word] !== this.#asked[word]) return false;
    }
    return true;
  }

  #rehash(): void {
    this.#slots = new Int32Array(this.#slots.length * 2);
    const mask = this.#slots.length - 1;
    for (let number = 0; number < this.#size; number++) {
      let place = itemAt(this.#digests, number * words) & mask;
      while (this.#slots[place] !== emptySlot) place = (place + 1) & mask;
      this.#slots[place] = number + 1;
    }
  }
}

/** Character of base64 → its six bits. */
const sextets = new Uint8Array(128);
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
for (let bits = 0; bits < alphabet.length; bits++) sextets[alphabet.charCodeAt(bits)] = bits;

function grown(array: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(array.length * 2);
  larger.set(array);
  return larger;
}

/** Nobody here reads behind an end. */
function itemAt(array: Uint8Array | Uint32Array | Int32Array, at: number): number {
  return array[at] ?? 0;
}

/** One bit a number. */
export class NumberSet {
  #bits = new Uint8Array(256);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Whether it is new. */
  add(number: number): boolean {
    const at = number >>> 3;
    if (at >= this.#bits.length) {
      const larger = new Uint8Array(Math.max(at + 1, this.#bits.length * 2));
      larger.set(this.#bits);
      this.#bits = larger;
    }
    const bit = 1 << (number & 7);
    const before = itemAt(this.#bits, at);
    if ((before & bit) !== 0) return false;
    this.#bits[at] = before | bit;
    this.#size++;
    return true;
  }
}
