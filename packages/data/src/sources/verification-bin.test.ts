import { DataError } from '@openset/core';
import { describe, expect, it } from 'vitest';
import { bytesFile } from '../byte-file.ts';
import { hexFile, textFile } from './__fixtures__/files.ts';
import pickles from './__fixtures__/pickles.json';
import { readVerificationBin } from './verification-bin.ts';

// Content of every file in pickles.json (Python 3.11 with numpy 2, Python 2.7): four images and the list [True, False].
const expectedImages = [
  Buffer.from('\xff\xd8one\x00\n\\u\'"', 'latin1'),
  Buffer.alloc(0),
  Buffer.from(Array.from({ length: 256 }, (_, value) => value)),
  Buffer.alloc(70, 0xff),
];

describe('readVerificationBin', () => {
  it.each(Object.entries(pickles))('reads %s', async (name, base64) => {
    const set = await readVerificationBin(bytesFile(name, Uint8Array.from(Buffer.from(base64, 'base64'))));
    expect(set).toMatchObject({ size: 2, isSame: Uint8Array.of(1, 0), folds: null });
    for (const [index, expected] of expectedImages.entries()) {
      const image = await set.image(index);
      expect(Buffer.from(image.bytes).equals(expected), `image ${index}`).toBe(true);
      expect(image).toMatchObject({ label: -1, origin: `${name}, image ${index}` });
    }
    await expect(set.image(4)).rejects.toThrow(RangeError);
    await set.close();
  });

  it('reads a pickle written by hand', async () => {
    // ] ( C 1 'a' C 1 'b' e ] ( True e – two lists in a tuple.
    const set = await readVerificationBin(hexFile('8003 5d 28 43 01 61 43 01 62 65 5d 28 88 65 86 2e'));
    expect([...(await set.image(0)).bytes, ...(await set.image(1)).bytes]).toEqual([0x61, 0x62]);
    expect([...set.isSame]).toEqual([1]);
  });

  it('may be empty', async () => {
    expect((await readVerificationBin(hexFile('5d 5d 86 2e'))).size).toBe(0);
  });

  it('reads numpy images of Python 2, whose bytes are str', async () => {
    const type = "cnumpy\ndtype\n(S'u1'\nI0\nI1\ntR(I3\nS'|'\nNNNI-1\nI-1\nI0\ntb";
    const array = `cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n(I2\nt${type}I00\nS'\\xffA'\ntb`;
    const set = await readVerificationBin(textFile(`((l${array}a${array}a(lI01\natp0\n.`));
    expect([...(await set.image(1)).bytes]).toEqual([0xff, 0x41]);
  });

  it.each([
    [
      'a call of the system',
      'cposix\nsystem\n(Vecho\ntR.',
      "names 'posix.system', which a verification set does not need",
    ],
    ['eval', 'cbuiltins\neval\n(V1\ntR.', "names 'builtins.eval'"],
    ['a call of a type that is never called', 'cnumpy\nndarray\n)R.', 'cannot construct numpy ndarray'],
    ['an object', '(i__main__\nThing\n.', 'the operation 0x69 is unsupported'],
    ['a persistent name', 'P1\n.', 'the operation 0x50'],
    ['a dictionary', '}.', "expected a pickle of two lists, images and 'same', found a dictionary"],
    ['three lists', ']]]\x87.', 'found a list or tuple of 3'],
    [
      'text for an image',
      '](Va\nVb\ne](I01\ne\x86.',
      'image 0: expected bytes or a numpy array of bytes, found text',
    ],
    ['a missing image', "](S'a'\ne](I01\ne\x86.", '1 pairs need 2 images, but the file has 1'],
    ['a number for same', "](S'a'\nS'b'\ne](I2\ne\x86.", "pair 0: 'same' must be True or False, but is 2"],
    ['a missing end', ']', 'byte 1: the pickle does not end'],
    ['an empty file', '', 'byte 0: the pickle does not end'],
    ['an empty stack', '.', 'needs a value, but the stack is empty'],
    ['a missing mark', 'e.', 'needs a mark, but there is none'],
    ['a value from below the mark', 'N(a.', 'needs a value, but the stack is empty'],
    ['a missing list', 'NNa.', 'cannot append to None'],
    ['an empty memo', 'h\x05.', 'memo entry 5 is read before'],
    ['a string without quotes', 'Sabc\n.', 'a string without quotes'],
    ['an unknown protocol', '\x80\x06.', 'pickle protocol 6'],
    [
      'a string longer than the file',
      'T\xff\xff\xff\xffab',
      'a string announces 4294967295 bytes, but 2 are left',
    ],
    [
      'a string of 2^63 bytes',
      '\x8e\xff\xff\xff\xff\xff\xff\xff\x7fab',
      'a string announces 9223372036854775807 bytes, but 2 are left',
    ],
    ['a number without digits', 'Ifive\n.', "'five' is not a number"],
    ['a number of 256 bytes', '\x8b\x00\x01\x00\x00.', 'an integer of 256 bytes'],
    ['an endless line', `I${'1'.repeat(300)}\n.`, 'a number or name of 300 characters'],
    [
      'characters that are not bytes',
      "](c_codecs\nencode\n(V\\u0100\nVlatin1\ntRS'b'\ne](I01\ne\x86.",
      "'\\u0100' does not encode a byte",
      0,
    ],
    ['an invalid escape', "](S'\\q'\nS'b'\ne](I01\ne\x86.", "'\\q' does not encode a byte", 0],
    ['a short escape', "](S'\\x1'\nS'b'\ne](I01\ne\x86.", "'\\x1' does not encode a byte", 0],
  ])('rejects %s', async (_, text, message, index?: number) => {
    const file = bytesFile('a.bin', Uint8Array.from(Buffer.from(text, 'latin1')));
    const reading = readVerificationBin(file).then((set) => set.image(index ?? 0));
    await expect(reading).rejects.toThrow(DataError);
    await expect(reading).rejects.toThrow(message);
  });

  it('does not read images when it opens the set', async () => {
    const longer = Buffer.alloc(10_000_000, 0x41);
    const header = Buffer.from([0x42, 0, 0, 0, 0]);
    header.writeUInt32LE(longer.length, 1);
    const start = Buffer.from('](');
    const end = Buffer.from('e](\x88e\x86.', 'latin1');
    const file = bytesFile(
      'a.bin',
      Uint8Array.from(Buffer.concat([start, header, longer, header, longer, end])),
    );
    let read = 0;
    const counted = {
      ...file,
      read: (offset: number, length: number) => {
        read += length;
        return file.read(offset, length);
      },
    };
    const set = await readVerificationBin(counted);
    expect(read).toBeLessThan(300_000);
    expect((await set.image(1)).bytes.length).toBe(longer.length);
  });
});
