import { selectFaces } from '@openset/faces';
import { expect, it } from 'vitest';
import { fakeFace } from '../__fixtures__/fake-faces.ts';
import { judgeFaces } from './judge-faces.ts';

const limits = { select: 'largest', minSize: 12, minScore: 0.5, minSharpness: 0 } as const;
const sharpness = (value: number) => ({ eyeDistance: 40, sharpness: value, yaw: 0, roll: 0 });

function judge(faces: readonly ReturnType<typeof fakeFace>[], settings: object = {}) {
  const select = (selection: 'largest' | 'most-central' | 'all', among = faces) =>
    selectFaces(among, { height: 100, width: 100 }, selection);
  return judgeFaces({ faces, select }, { ...limits, ...settings });
}

it('rejects a photo without a face', () => {
  expect(judge([])).toEqual({ accepted: [], rejects: [{ kind: 'no face', reason: 'no face found' }] });
});

it.each([
  [fakeFace(0, 0, 20), {}, 'too small', 'face too small: eyes 8.0 pixels apart, need 12'],
  [fakeFace(0, 0, 90), { minScore: 0.95 }, 'uncertain', 'face uncertain: score 0.90, needs 0.95'],
  [
    fakeFace(0, 0, 90, { quality: sharpness(0.00123) }),
    { minSharpness: 0.002 },
    'blurred',
    'face blurred: sharpness 0.0012, needs 0.002',
  ],
])('rejects a face with the reason', (face, settings, kind, reason) => {
  expect(judge([face], settings)).toEqual({ accepted: [], rejects: [{ kind, reason }] });
});

it('chooses among the faces that are good enough', () => {
  const blurred = fakeFace(0, 0, 90, { quality: sharpness(0.0001) });
  const sharp = fakeFace(50, 50, 40);
  expect(judge([blurred, sharp])).toEqual({ accepted: [blurred], rejects: [] });
  expect(judge([blurred, sharp], { minSharpness: 0.001 })).toEqual({ accepted: [sharp], rejects: [] });
});

it('takes all faces, the largest first, and says which are rejected', () => {
  const [tiny, small, large] = [fakeFace(5, 6, 10), fakeFace(0, 0, 40), fakeFace(50, 50, 50)];
  expect(judge([tiny, small, large], { select: 'all' })).toEqual({
    accepted: [large, small],
    rejects: [
      {
        kind: 'too small',
        reason: 'face too small: eyes 4.0 pixels apart, need 12; 10 × 10 pixels at (5, 6)',
      },
    ],
  });
});
