import { expect, it } from 'vitest';
import { cropName, cropStems } from './crop-names.ts';

it('keeps the folders and names of photos', () => {
  expect(cropStems(['ada/1.jpg', 'ada/2.JPEG', 'grace/deep/1.png'])).toEqual([
    'ada/1',
    'ada/2',
    'grace/deep/1',
  ]);
  expect(cropName('ada/1', 0)).toBe('ada/1.png');
  expect(cropName('ada/1', 2)).toBe('ada/1-face3.png');
});

it('keeps extensions where two photos would get one name', () => {
  expect(cropStems(['1.jpg', '1.png', 'A.jpg', 'a.jpg', 'b'])).toEqual([
    '1.jpg',
    '1.png',
    'A.jpg',
    'a.jpg',
    'b',
  ]);
});

it('keeps the extension of a photo that is named like the second face of another', () => {
  const stems = cropStems(['party.jpg', 'party-face2.jpg', 'other-face2.jpg']);
  expect(stems).toEqual(['party', 'party-face2.jpg', 'other-face2']);
  expect(new Set(stems.flatMap((stem) => [0, 1, 2].map((face) => cropName(stem, face)))).size).toBe(9);
});

it.each([
  [['a.jpg', 'a.png', 'a.png.jpg']],
  [['a.jpg', 'a.png', 'a.png.jpg', 'a.png.jpg.webp', 'A.PNG.jpg']],
  [['a.jpg', 'a.png', 'a.jpg-face2.jpg']],
])('gives each of %j a crop of its own', (names) => {
  const crops = cropStems(names).flatMap((stem) => [0, 1].map((face) => cropName(stem, face).toLowerCase()));
  expect(new Set(crops).size).toBe(new Set(names.map((name) => name.toLowerCase())).size * 2);
});
