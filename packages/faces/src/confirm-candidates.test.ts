import type { PixelImage, Similarity } from '@openset/data';
import { expect, it } from 'vitest';
import type { Candidate } from './candidate.ts';
import { confirmCandidates } from './confirm-candidates.ts';
import type { FaceMesh, MeshNetwork } from './mesh-network.ts';

const image: PixelImage = { data: new Uint8Array(3), height: 1, width: 1, channels: 3 };
const candidates = [100, 200, 300].map(
  (x): Candidate => ({
    center: [x, 50],
    side: 40,
    score: 0.81,
    eyes: [
      [x - 10, 40],
      [x + 10, 40],
    ],
  }),
);

/** Returns a network that places a mesh of 40 pixels with level eyes in the middle of each crop, with given scores, and records its calls. */
function meshNetwork(scores: readonly (readonly number[])[], shift = 0) {
  const calls: (readonly Similarity[])[] = [];
  const place: MeshNetwork['place'] = async (_, transforms) => {
    const pass = calls.push(transforms) - 1;
    return transforms.map(({ a, x0 }, index): FaceMesh => {
      const x = (95.5 - x0) / a + pass * shift;
      // Whichever vertices the eyes are made of, they are level.
      const points = Array.from({ length: 468 }, (_, point) => {
        if (point === 0) return [x - 20, 30, 0] as const;
        return point === 1 ? ([x + 20, 70, 0] as const) : ([x, 50, 0] as const);
      });
      return { score: scores[pass]![index]!, points };
    });
  };
  return { calls, network: { place, dispose: () => {} } satisfies MeshNetwork };
}

it('runs the network once for each pass, and drops candidates that either pass does not confirm', async () => {
  const { calls, network } = meshNetwork([
    [0.9, 0.1, 0.9],
    [0.2, 0.64],
  ]);
  const faces = await confirmCandidates(network, image, candidates, 0.5);
  expect(calls.map(({ length }) => length)).toEqual([3, 2]);
  expect(faces).toHaveLength(1);
  expect(faces[0]!.score).toBeCloseTo(Math.sqrt(0.81 * 0.64));
  expect(faces[0]!.center[0]).toBeCloseTo(300);
});

it('drops meshes that move between the passes', async () => {
  const scores = [
    [1, 1, 1],
    [1, 1, 1],
  ];
  expect(await confirmCandidates(meshNetwork(scores, 3).network, image, candidates, 0.5)).toHaveLength(3);
  expect(await confirmCandidates(meshNetwork(scores, 6).network, image, candidates, 0.5)).toEqual([]);
});
