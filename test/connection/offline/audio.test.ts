import { FLACDecoder } from "@wasm-audio-decoders/flac";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { toInt16 } from "../../../src/connection/offline/audio/audio.ts";
import { writeFlac } from "../../../src/connection/offline/audio/flac.ts";
import { readOgg, writeOgg } from "../../../src/connection/offline/audio/ogg.ts";
import { readOpus, writeOpus } from "../../../src/connection/offline/audio/opus.ts";
import { resample } from "../../../src/connection/offline/audio/resample.ts";
import { readWav, writeWav } from "../../../src/connection/offline/audio/wav.ts";
import { createPackages } from "../../../src/connection/offline/packages.ts";

function tone(hertz: number, rate: number, seconds = 0.5): Float32Array {
  return Float32Array.from(
    { length: rate * seconds },
    (_, index) => 0.5 * Math.sin((2 * Math.PI * hertz * index) / rate),
  );
}

/** Root mean square, away from the ends. */
function loudness(samples: Float32Array): number {
  const middle = samples.subarray(Math.floor(samples.length / 4), Math.floor((3 * samples.length) / 4));
  return Math.sqrt(middle.reduce((sum, sample) => sum + sample * sample, 0) / middle.length);
}

/** A WAV file of one sample coding: format tag, bytes a sample, and the samples' bytes. */
function wavOf(tag: number, sampleBytes: number, data: Buffer, channels = 1): Buffer {
  const file = Buffer.concat([writeWav(new Int16Array(), 8000), data]);
  file.writeUInt16LE(tag, 20);
  file.writeUInt16LE(channels, 22);
  file.writeUInt16LE(8 * sampleBytes, 34);
  file.writeUInt32LE(data.length, 40);
  return file;
}

describe("resampling", () => {
  it.each([
    [16_000, 24_000],
    [44_100, 16_000],
    [8000, 16_000],
    [48_000, 16_000],
    [11_025, 16_000],
  ])("a tone stays that tone from %i to %i", (from, to) => {
    const { samples, rate } = resample({ samples: tone(440, from), rate: from }, to);
    const expected = tone(440, to);
    expect(rate).toBe(to);
    expect(Math.abs(samples.length - expected.length)).toBeLessThanOrEqual(1);
    const difference = samples.map((sample, index) => sample - (expected[index] ?? 0));
    expect(loudness(difference)).toBeLessThan(0.001);
  });

  it("what the slower rate cannot hold is gone, not mirrored", () => {
    const { samples } = resample({ samples: tone(12_000, 48_000), rate: 48_000 }, 16_000);
    expect(loudness(samples)).toBeLessThan(0.001);
  });
});

describe("WAV", () => {
  it("reads what it writes", () => {
    const samples = toInt16(tone(300, 16_000, 0.1));
    const audio = readWav(writeWav(samples, 16_000));
    expect(audio?.rate).toBe(16_000);
    expect(audio?.samples.map((sample) => sample * 32_768)).toEqual(Float32Array.from(samples));
  });

  it.each([
    ["8-bit PCM", 1, 1, Buffer.from([0, 128, 192]), [-1, 0, 0.5]],
    ["24-bit PCM", 1, 3, Buffer.from([0, 0, 0x40, 0, 0, 0x80]), [0.5, -1]],
    ["32-bit PCM", 1, 4, Buffer.from([0, 0, 0, 0x40]), [0.5]],
    ["32-bit float", 3, 4, Buffer.from(Float32Array.of(0.25, -0.5).buffer), [0.25, -0.5]],
    ["64-bit float", 3, 8, Buffer.from(Float64Array.of(0.25, Number.NaN).buffer), [0.25, 0]],
    ["A-law", 6, 1, Buffer.from([0xd5, 0x55, 0xaa]), [8 / 32_768, -8 / 32_768, 32_256 / 32_768]],
    ["µ-law", 7, 1, Buffer.from([0xff, 0x80, 0x00]), [0, 32_124 / 32_768, -32_124 / 32_768]],
  ])("reads %s", (_, tag, bytes, data, expected) => {
    expect(Array.from(readWav(wavOf(tag, bytes, data))?.samples ?? [])).toEqual(expected);
  });

  it("averages channels", () => {
    const data = Buffer.from(Float32Array.of(0.5, -0.25, 1, 0).buffer);
    expect(Array.from(readWav(wavOf(3, 4, data, 2))?.samples ?? [])).toEqual([0.125, 0.5]);
  });

  it("a file that is cut gives what is there; other codings and broken headers give nothing", () => {
    const file = writeWav(toInt16(tone(300, 8000)), 8000);
    expect(readWav(file.subarray(0, 1000))?.samples).toHaveLength(478);
    expect(readWav(wavOf(2, 1, Buffer.alloc(64)))).toBeUndefined();
    expect(readWav(wavOf(1, 2, Buffer.alloc(64), 0))).toBeUndefined();
    expect(readWav(file.subarray(0, 20))).toBeUndefined();
  });

  it("no bytes make it throw", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.nat(60), (noise, at) => {
        const file = Buffer.from(writeWav(Int16Array.of(1, 2, 3, 4, 5, 6, 7, 8), 8000));
        file.set(noise.subarray(0, Math.max(0, file.length - at)), Math.min(at, file.length));
        readWav(file);
      }),
    );
  });
});

describe("FLAC", () => {
  it.each([
    ["a tone", toInt16(tone(440, 24_000))],
    ["silence", new Int16Array(5000)],
    [
      "noise at full scale",
      Int16Array.from({ length: 9000 }, (_, index) => ((index * 7919) % 65_536) - 32_768),
    ],
    ["one sample", Int16Array.of(-32_768)],
    [
      "the extremes in turn",
      Int16Array.from({ length: 4097 }, (_, index) => (index % 2 === 0 ? 32_767 : -32_768)),
    ],
  ])("a decoder that is not ours gives %s back", async (_, samples) => {
    const decoder = new FLACDecoder();
    await decoder.ready;
    const { channelData, sampleRate, errors } = await decoder.decodeFile(writeFlac(samples));
    expect(errors).toEqual([]);
    expect(sampleRate).toBe(24_000);
    expect(Int16Array.from(channelData[0] ?? [], (sample) => Math.round(sample * 32_767))).toEqual(samples);
    decoder.free();
  });
});

describe("Opus in Ogg", () => {
  const packages = createPackages("/nowhere", "speech");

  it("a tone comes back as long as it was, and as loud", () => {
    const samples = tone(440, 24_000, 1.2345);
    const file = writeOpus(toInt16(samples), packages);
    const audio = readOpus(file, packages);
    expect(audio?.rate).toBe(24_000);
    expect((audio?.samples.length ?? 0) - samples.length).toBeGreaterThanOrEqual(0);
    expect((audio?.samples.length ?? 0) - samples.length).toBeLessThan(480);
    expect(loudness(audio?.samples ?? samples) / loudness(samples)).toBeCloseTo(1, 1);
  });

  it("packets of any length come back", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 700 }), { minLength: 1, maxLength: 20 }), (packets) => {
        const file = writeOgg(packets.map((packet, index) => ({ packets: [packet], position: index })));
        expect(readOgg(file)?.map((packet) => Array.from(packet))).toEqual(
          packets.map((packet) => Array.from(packet)),
        );
      }),
    );
  });

  it("a file that is cut, or no Opus, gives nothing", () => {
    const file = writeOpus(toInt16(tone(440, 24_000)), packages);
    expect(readOpus(file.subarray(0, file.length - 10), packages)).toBeUndefined();
    expect(
      readOpus(writeOgg([{ packets: [Buffer.from("\u0001vorbis")], position: 0 }]), packages),
    ).toBeUndefined();
    expect(readOpus(Buffer.from("OggS"), packages)).toBeUndefined();
  });
});
