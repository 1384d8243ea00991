/** Packets in and out of an Ogg stream (RFC 3533), as Opus files are made of. One logical stream. */

export interface OggPage {
  readonly packets: readonly Uint8Array[];
  /** Samples of the stream up to the end of the page, as the codec counts them. */
  readonly position: number;
}

export function writeOgg(pages: readonly OggPage[]): Buffer {
  return Buffer.concat(pages.map((page, index) => writePage(page, index, index === pages.length - 1)));
}

/** Packets may be at most 255 * 255 bytes a page together; speech stays far below. */
function writePage({ packets, position }: OggPage, index: number, isLast: boolean): Buffer {
  const lacing = packets.flatMap(({ length }) => [
    ...Array<number>(Math.floor(length / 255)).fill(255),
    length % 255,
  ]);
  const header = Buffer.alloc(27 + lacing.length);
  header.write("OggS", 0, "latin1");
  header.writeUInt8((index === 0 ? firstFlag : 0) | (isLast ? lastFlag : 0), 5);
  header.writeBigUInt64LE(BigInt(position), 6);
  header.writeUInt32LE(streamNumber, 14);
  header.writeUInt32LE(index, 18);
  header.writeUInt8(lacing.length, 26);
  header.set(lacing, 27);
  const page = Buffer.concat([header, ...packets]);
  page.writeUInt32LE(checksum(page), 22);
  return page;
}

/** The packets of the first stream in the file; undefined when its structure is broken. */
export function readOgg(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const packets: Buffer[] = [];
  let open: Buffer[] = [];
  let stream: number | undefined;
  for (let at = 0; at < file.length;) {
    if (at + 27 > file.length || file.toString("latin1", at, at + 4) !== "OggS") return undefined;
    const lacing = file.subarray(at + 27, at + 27 + file.readUInt8(at + 26));
    let position = at + 27 + lacing.length;
    const number = file.readUInt32LE(at + 14);
    stream ??= number;
    for (const length of lacing) {
      if (position + length > file.length) return undefined;
      if (number === stream) open.push(file.subarray(position, position + length));
      position += length;
      if (length === 255 || number !== stream) continue;
      packets.push(Buffer.concat(open));
      open = [];
    }
    at = position;
  }
  return packets;
}

/** CRC-32 with Ogg's polynomial, not reflected, over the page with its checksum at zero. */
function checksum(page: Uint8Array): number {
  let remainder = 0;
  for (const byte of page) {
    remainder ^= byte << 24;
    for (let bit = 0; bit < 8; bit += 1) {
      remainder = remainder < 0 ? (remainder << 1) ^ 0x04c11db7 : remainder << 1;
    }
  }
  return remainder >>> 0;
}

const firstFlag = 2;
const lastFlag = 4;
/** Any number; a fixed one, as the same sound gives the same bytes. */
const streamNumber = 1;
