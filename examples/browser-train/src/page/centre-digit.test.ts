import { expect, it } from 'vitest';
import { centreDigit } from './centre-digit.ts';

/** Ink in a rectangle of a square drawing. */
function drawing(side: number, left: number, top: number, width: number, height: number): Uint8Array {
  return Uint8Array.from({ length: side * side }, (_, place) => {
    const [x, y] = [place % side, Math.floor(place / side)];
    return x >= left && x < left + width && y >= top && y < top + height ? 255 : 0;
  });
}

/** Columns and rows of the pixels with ink. */
function extent(pixels: Uint8Array) {
  const places = [...pixels.keys()].filter((place) => pixels[place]! > 127);
  const [columns, rows] = [places.map((place) => place % 28), places.map((place) => Math.floor(place / 28))];
  return {
    left: Math.min(...columns),
    right: Math.max(...columns),
    top: Math.min(...rows),
    bottom: Math.max(...rows),
  };
}

it('makes the longest side 20 pixels and centres the ink, wherever and however large it was drawn', () => {
  const expected = { left: 9, right: 18, top: 4, bottom: 23 };
  expect(extent(centreDigit(drawing(280, 10, 30, 100, 200), 280)!)).toEqual(expected);
  expect(extent(centreDigit(drawing(280, 230, 200, 20, 40), 280)!)).toEqual(expected);
});

it('keeps a heavy part of a digit in the middle', () => {
  const ink = drawing(100, 0, 0, 20, 100);
  // A foot: the centre of the ink is below the middle of the box.
  drawing(100, 0, 80, 60, 20).forEach((value, place) => {
    ink[place] = Math.max(ink[place]!, value);
  });
  const { top, bottom } = extent(centreDigit(ink, 100)!);
  expect(bottom - top).toBe(19);
  expect(top).toBeLessThan(4);
});

it('takes a single dot, and returns null without ink', () => {
  expect(extent(centreDigit(drawing(280, 140, 140, 1, 1), 280)!)).toEqual({
    left: 4,
    right: 23,
    top: 4,
    bottom: 23,
  });
  expect(centreDigit(new Uint8Array(280 * 280).fill(15), 280)).toBeNull();
});
