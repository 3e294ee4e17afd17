import { expect, it } from 'vitest';
import { faceCropProblem } from './face-crop.ts';

it.each<[string, unknown, string | null]>([
  ['points', { kind: 'points' }, null],
  ['a box', { kind: 'box', scale: 1.2 }, null],
  ['a box without a scale', { kind: 'box' }, 'above 0, but is undefined'],
  ['a box of no size', { kind: 'box', scale: 0 }, 'above 0, but is 0'],
  ['another kind', { kind: 'circle' }, "of the kind 'circle'"],
  ['nothing', null, "of the kind 'undefined'"],
])('judges a crop: %s', (_, value, problem) => {
  const found = faceCropProblem(value);
  if (problem === null) expect(found).toBeNull();
  else expect(found).toContain(problem);
});
