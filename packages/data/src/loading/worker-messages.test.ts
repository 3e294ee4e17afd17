import { expect, it } from 'vitest';
import { packItems, unpackItems } from './worker-messages.ts';

it('unpackItems inverts packItems', () => {
  const item = (position: number, ...bytes: number[]) => ({
    record: { bytes: Uint8Array.from(bytes), origin: `record ${position}` },
    epoch: 2,
    position,
  });
  const items = [item(0, 1, 2, 3), null, item(5), item(6, 9)];
  const packed = packItems(items);
  expect([...packed.bytes]).toEqual([1, 2, 3, 9]);
  expect(unpackItems(structuredClone(packed))).toEqual(items);
});
