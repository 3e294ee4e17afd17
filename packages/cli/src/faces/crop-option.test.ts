import { expect, it } from 'vitest';
import { parseCrop } from './crop-option.ts';

it.each([
  ['points', { kind: 'points' }],
  ['box', { kind: 'box', scale: 1.2 }],
  ['box:1.5', { kind: 'box', scale: 1.5 }],
])('reads %s', (text, crop) => {
  expect(parseCrop(text)).toEqual(crop);
});

it.each(['', 'boxes', 'box:', 'box:0', 'box:-1', 'box:x', 'box:11', 'points:1', 'box:Infinity'])(
  'rejects %s',
  (text) => {
    expect(parseCrop(text)).toBeNull();
  },
);
