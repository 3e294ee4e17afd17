import { type ByteFile, bytesFile } from '../../byte-file.ts';
import { encodeRecord } from '../record-io-format.ts';
import { encodeImagePayload } from '../record-io-payload.ts';

/** Returns a text file in memory. */
export function textFile(text: string, name = 'list.txt'): ByteFile {
  return bytesFile(name, new TextEncoder().encode(text));
}

/** Returns a file in memory from hexadecimal digits; white space is ignored. */
export function hexFile(digits: string, name = 'file'): ByteFile {
  return bytesFile(name, Uint8Array.from(Buffer.from(digits.replaceAll(/\s/g, ''), 'hex')));
}

/** Returns the bytes of a RecordIO set and the text of its index. */
export function recordSet(records: readonly { image: Uint8Array; label: number | readonly number[] }[]) {
  const lines: string[] = [];
  const encoded: Uint8Array[] = [];
  let offset = 0;
  records.forEach(({ image, label }, key) => {
    lines.push(`${key}\t${offset}\n`);
    const record = encodeRecord(encodeImagePayload(image, label, key));
    encoded.push(record);
    offset += record.length;
  });
  return { records: new Uint8Array(Buffer.concat(encoded)), index: lines.join('') };
}

/** Returns a set in the layout of InsightFace: images 1, 2 and 3 of class 5, image 4 of class 9. */
export function identitySet() {
  const image = (value: number) => Uint8Array.of(0xff, 0xd8, value);
  const none = new Uint8Array(0);
  return recordSet([
    { image: none, label: [5, 7] },
    { image: image(1), label: 5 },
    { image: image(2), label: [5, 0] },
    { image: image(3), label: 5 },
    { image: image(4), label: 9 },
    { image: none, label: [1, 4] },
    { image: none, label: [4, 5] },
  ]);
}
