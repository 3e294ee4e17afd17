import { DataError } from '@openset/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesFile } from '../byte-file.ts';
import { hexFile } from './__fixtures__/files.ts';
import { encodeRecord, payloadLimit, readPayload, recordMagic } from './record-io-format.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const fromHex = (digits: string) => Uint8Array.from(Buffer.from(digits.replaceAll(/\s/g, ''), 'hex'));

// 0xced7230a, lowest byte first.
const magic = '0a23d7ce';

describe('encodeRecord', () => {
  it('writes magic, length, payload and padding', () => {
    expect(hex(encodeRecord(fromHex('010203')))).toBe(`${magic}0300000001020300`);
    expect(hex(encodeRecord(fromHex('')))).toBe(`${magic}00000000`);
  });

  it('splits the payload at magic numbers at multiples of 4 only', () => {
    // Parts: flag 1 << 29 = 0x20000000 and 4 bytes, flag 3 << 29 = 0x60000000 and 1 byte.
    expect(hex(encodeRecord(fromHex(`aabbccdd ${magic} ee`)))).toBe(
      `${magic}04000020aabbccdd${magic}01000060ee000000`,
    );
    expect(hex(encodeRecord(fromHex(`aa ${magic}`)))).toBe(`${magic}05000000aa${magic}000000`);
  });

  it('writes a payload of two magic numbers as three empty parts: first, middle, last', () => {
    expect(hex(encodeRecord(fromHex(magic + magic)))).toBe(
      `${magic}00000020${magic}00000040${magic}00000060`,
    );
  });

  it('rejects a payload whose length does not fit into 29 bits', () => {
    const payload = { length: payloadLimit } as Uint8Array;
    expect(() => encodeRecord(payload)).toThrow(DataError);
  });
});

describe('readPayload', () => {
  it('returns the written payload, with any number of magic numbers in it', async () => {
    const word = fc.oneof(fc.constant(recordMagic), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
    const payloads = fc.tuple(fc.array(word, { maxLength: 12 }), fc.uint8Array({ maxLength: 3 }));
    await fc.assert(
      fc.asyncProperty(payloads, fc.uint8Array({ maxLength: 9 }), async ([words, rest], before) => {
        const payload = new Uint8Array([...new Uint8Array(Uint32Array.from(words).buffer), ...rest]);
        const file = new Uint8Array([...before, ...encodeRecord(payload)]);
        expect(await readPayload(bytesFile('a.rec', file), before.length)).toEqual(payload);
      }),
    );
  });

  it('reads a record larger than the first read', async () => {
    const payload = Uint8Array.from({ length: 100_001 }, (_, index) => index % 251);
    const read = await readPayload(bytesFile('a.rec', encodeRecord(payload)), 0);
    expect(Buffer.from(read).equals(payload)).toBe(true);
  });

  it.each([
    ['no header', `${magic}0000`, 'expected a record, but 6 bytes are left'],
    [
      'a wrong magic number',
      '0b23d7ce 00000000',
      'found 0xced7230b, expected 0xced7230a, the start of a record',
    ],
    ['an unknown flag', `${magic}000000e0`, 'the part flag is 7'],
    ['more bytes than the file', `${magic}05000000 01020304`, 'announces 5 bytes, but 4 are left'],
    [
      'a middle part at the start',
      `${magic}00000040`,
      'found part flag 2, expected a whole record (0) or a first part (1)',
    ],
    [
      'a record within a record',
      `${magic}00000020 ${magic}00000000`,
      'byte 8: found part flag 0, expected a middle (2)',
    ],
    ['no last part', `${magic}00000020`, 'byte 8: expected a record, but 0 bytes are left'],
  ])('rejects %s', async (_, digits, message) => {
    const reading = readPayload(hexFile(digits, 'a.rec'), 0);
    await expect(reading).rejects.toThrow(DataError);
    await expect(reading).rejects.toThrow(message);
  });
});
