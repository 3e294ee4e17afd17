import { expect, it } from 'vitest';
import { addDrawings, namedImage } from './add-drawings.ts';
import { type ImageSet, imageAt, imagePixels, type LabelledImages } from './image-set.ts';

function images(...labels: number[]): LabelledImages {
  return { pixels: new Uint8Array(labels.length * imagePixels), labels: Int32Array.from(labels) };
}

const set: ImageSet = {
  classNames: ['0', '1'],
  train: images(0, 1),
  held: images(0, 0, 1, 1),
  test: images(1, 0),
  unseen: { ...images(0, 1, 2, 2), classNames: ['7', '8', '9'] },
};
const ink = new Uint8Array(imagePixels).fill(200);

it('repeats drawings of a known class, and makes a class of a new name', () => {
  const more = addDrawings(set, [
    { className: '1', pixels: ink },
    { className: 'star', pixels: ink },
  ]);
  expect(more.classNames).toEqual(['0', '1', 'star']);
  expect([...more.train.labels]).toEqual([0, 1, ...Array(20).fill(1), ...Array(20).fill(2)]);
  expect(imageAt(more.train, 41)).toEqual(ink);
  expect([more.held, more.test, more.unseen]).toEqual([set.held, set.test, set.unseen]);
});

it('takes a class that is trained on out of those that never are', () => {
  const more = addDrawings(set, [{ className: '8', pixels: ink }]);
  expect(more.classNames).toEqual(['0', '1', '8']);
  expect(more.unseen!.classNames).toEqual(['7', '9']);
  expect([...more.unseen!.labels]).toEqual([0, 1, 1]);
  expect(addDrawings(more, [{ className: '7', pixels: ink }]).unseen).toBeNull();
});

it('changes nothing without drawings, and names images of all classes', () => {
  expect(addDrawings(set, [])).toBe(set);
  expect([0, 1, 2, 5].map((index) => namedImage(set, index).name)).toEqual(['1', '0', '7', '9']);
});
