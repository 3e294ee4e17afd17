import { expect, it } from 'vitest';
import { hashInSource, photoSource } from './photo-source.ts';

const bytes = new TextEncoder().encode('abc');

it('keeps the name of the file and the start of its SHA-256, and no folder', () => {
  // The SHA-256 of abc, from FIPS 180-2.
  for (const path of ['/home/ada/private/ada-1.jpg', 'private\\ada-1.jpg', 'ada-1.jpg']) {
    expect(photoSource(path, bytes)).toBe('ada-1.jpg#ba7816bf8f01cfea');
  }
});

it('finds the hash again, whatever the name', () => {
  for (const name of ['a.jpg', '#.jpg', 'a#1.jpg', '日本.png', 'a\u0301.jpg']) {
    expect(hashInSource(photoSource(name, bytes))).toBe('ba7816bf8f01cfea');
  }
});

it.each([null, '', 'ada.jpg', 'ada.jpg#', 'ada.jpg#ba7816bf8f01cfe', 'ada#ba7816bf8f01cfea.jpg'])(
  'finds no hash in %j, which others wrote',
  (source) => expect(hashInSource(source)).toBeNull(),
);
