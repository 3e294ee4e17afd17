import { expect, it } from 'vitest';
import { crc32c, maskedCrc32c } from './crc32c.ts';

const bytes = (length: number, value: (index: number) => number) =>
  Uint8Array.from({ length }, (_, index) => value(index));

// RFC 3720, appendix B.4, and the check value of the CRC catalogue.
it.each([
  ['123456789', new TextEncoder().encode('123456789'), 0xe3069283],
  ['32 bytes of zeros', bytes(32, () => 0), 0x8a9136aa],
  ['32 bytes of ones', bytes(32, () => 255), 0x62a8ab43],
  ['32 bytes going up', bytes(32, (index) => index), 0x46dd794e],
  ['32 bytes going down', bytes(32, (index) => 31 - index), 0x113fdb5c],
  ['nothing', bytes(0, () => 0), 0],
])('the CRC-32C of %s', (_, input, expected) => {
  expect(crc32c(input)).toBe(expected);
});

it('is masked as in TFRecord files', () => {
  // 0xe3069283 rotated right by 15 bits is 0x2507c60d; 0x2507c60d + 0xa282ead8 = 0xc78ab0e5.
  expect(maskedCrc32c(new TextEncoder().encode('123456789'))).toBe(0xc78ab0e5);
});
